/* Feuille de présence : chaque geste part aussitôt ; sans réseau, il attend sur l'appareil et repart de lui-même. */
(() => {
  "use strict";
  const imprimer = document.querySelector("[data-imprimer]");
  if (imprimer) { imprimer.addEventListener("click", () => window.print()); }
  const feuille = document.querySelector("[data-feuille]");
  if (!feuille) { return; }
  const cle = `jalon-feuille:${location.pathname}`;
  const avis = document.querySelector("[data-hors-ligne]");
  const lire = () => { try { return JSON.parse(localStorage.getItem(cle) || "{}"); } catch { return {}; } };
  const ecrire = (attente) => {
    try {
      if (Object.keys(attente).length) { localStorage.setItem(cle, JSON.stringify(attente)); } else { localStorage.removeItem(cle); }
    } catch { /* stockage refusé : le bouton « Enregistrer » reste */ }
    avis.hidden = Object.keys(attente).length === 0;
  };
  const jeton = () => feuille.querySelector("[name=csrfmiddlewaretoken]").value;

  const envoyer = async (adresse, geste) => {
    const corps = new FormData();
    corps.set("etat", geste.etat); corps.set("motif", geste.motif || ""); corps.set("csrfmiddlewaretoken", jeton());
    const reponse = await fetch(adresse, { method: "POST", body: corps, headers: { "HX-Request": "true" }, redirect: "manual" });
    // Session fermée ou serveur en peine : le geste attend, comme sans réseau. Refusé pour de bon : il est oublié.
    if (reponse.type === "opaqueredirect" || reponse.status === 403 || reponse.status >= 500) { throw new TypeError("attendre"); }
    if (!reponse.ok) { throw new Error(String(reponse.status)); }
    const ligne = feuille.querySelector(`[data-adresse="${adresse}"]`)?.closest("[data-personne]");
    if (!ligne) { return; }
    const boite = document.createElement("template");
    boite.innerHTML = (await reponse.text()).trim();
    const neuve = boite.content.querySelector("[data-personne]");
    if (neuve) {
      const garde = ligne.contains(document.activeElement);
      ligne.replaceWith(neuve);
      if (garde) { neuve.querySelector("input:checked")?.focus(); }
    }
  };

  const vider = async () => {
    const attente = lire();
    for (const [adresse, geste] of Object.entries(attente)) {
      try { await envoyer(adresse, geste); } catch (erreur) {
        if (erreur instanceof TypeError) { ecrire(attente); return; }
      }
      delete attente[adresse]; ecrire(attente);
    }
  };

  const noter = (radio) => {
    const ligne = radio.closest("[data-personne]");
    const motif = ligne.querySelector("[data-motif]").value;
    if (radio.value === "excusee" && !motif) { ligne.querySelector("[data-motif]").focus(); return; }
    const attente = lire();
    attente[radio.dataset.adresse] = { etat: radio.value, motif };
    ligne.classList.add("en-attente");
    try { localStorage.setItem(cle, JSON.stringify(attente)); } catch { /* voir plus haut */ }
    vider();
  };

  feuille.addEventListener("change", (evenement) => {
    if (evenement.target.matches("[data-adresse]")) { noter(evenement.target); }
    if (evenement.target.matches("[data-motif]")) {
      const radio = evenement.target.closest("[data-personne]").querySelector("input[value=excusee]");
      if (radio.checked && evenement.target.value) { noter(radio); }
    }
  });
  window.addEventListener("online", vider);
  ecrire(lire());
  vider();
})();
