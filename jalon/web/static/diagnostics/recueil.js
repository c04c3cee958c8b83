/* Garde la page pendant la frappe. Sans lui, le bouton « Garder et continuer plus tard » fait la même chose. */
(() => {
  "use strict";
  const page = document.querySelector("[data-recueil]");
  if (!page) return;
  const etat = page.querySelector("[data-etat]");
  const numero = page.elements.namedItem("numero");
  let minuterie = 0, encours = null, apres = false, change = false, arrete = false;

  const dire = (texte) => { etat.textContent = texte; };

  async function garder() {
    clearTimeout(minuterie);
    if (arrete || !change) return;
    if (encours) { apres = true; return; }
    change = false;
    encours = fetch(page.dataset.brouillon, { method: "POST", body: new FormData(page), credentials: "same-origin", keepalive: true });
    try {
      const reponse = await encours;
      const dit = await reponse.json();
      if (reponse.ok) {
        numero.value = dit.numero;
        dire(dit.illisibles.length ? `Gardé, sauf : ${dit.illisibles.join(", ")}.` : `Gardé le ${dit.quand}.`);
      } else {
        arrete = true;
        dire(dit.message);
      }
    } catch {
      change = true;
      dire("La connexion est coupée : votre texte reste dans cette page. Nouvel essai dans un instant.");
      minuterie = setTimeout(garder, 5000);
    } finally {
      encours = null;
      if (apres) { apres = false; garder(); }
    }
  }

  page.addEventListener("input", () => {
    change = true;
    clearTimeout(minuterie);
    minuterie = setTimeout(garder, 1200);
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") garder(); });
  /* Envoyer attend la fin d'une sauvegarde en cours : le numéro envoyé est alors le bon. */
  page.addEventListener("submit", async (evenement) => {
    clearTimeout(minuterie);
    if (!encours) { arrete = true; return; }
    evenement.preventDefault();
    const bouton = evenement.submitter;
    try { await encours; } catch { /* la connexion est coupée : l'envoi le dira */ }
    setTimeout(() => { arrete = true; page.requestSubmit(bouton); }, 50);
  });
})();
