// Montre ce qui demande une clé de sécurité quand le navigateur sait lui parler, et dit quand elle ne répond pas.
(function () {
  if (!window.PublicKeyCredential) return
  document.querySelectorAll('[data-cle-securite]').forEach((zone) => { zone.hidden = false })
  document.querySelectorAll('[data-sans-cle-securite]').forEach((zone) => { zone.hidden = true })
  document.addEventListener('allauth.error', (evenement) => {
    evenement.preventDefault()
    document.querySelectorAll('[data-cle-erreur]').forEach((message) => { message.hidden = false })
  })
})()
