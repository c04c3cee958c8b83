/* Relit un champ « data-lexique » à la pause de la frappe. N'empêche rien ; sans lui, les mots viennent à l'enregistrement. */
(() => {
  "use strict";
  const PAUSE = 900;
  const attentes = new WeakMap();
  const tours = new WeakMap();

  const place = (champ) => Array.from(document.querySelectorAll("[data-lexique-pour]")).find((p) => p.dataset.lexiquePour === champ.id);
  const jeton = (champ) => champ.form?.elements.namedItem("csrfmiddlewaretoken")?.value || document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";

  async function relire(champ) {
    const sortie = place(champ);
    if (!sortie) return;
    const tour = (tours.get(champ) || 0) + 1;
    tours.set(champ, tour);
    if (!champ.value.trim()) { sortie.replaceChildren(); return; }
    const corps = new FormData();
    corps.append("texte", champ.value);
    try {
      const reponse = await fetch(sortie.dataset.lexiqueAdresse, { method: "POST", body: corps, credentials: "same-origin", headers: { "X-CSRFToken": jeton(champ) } });
      if (!reponse.ok || reponse.redirected || tours.get(champ) !== tour) return;
      const rendu = (await reponse.text()).trim();
      if (sortie.innerHTML.trim() !== rendu) sortie.innerHTML = rendu;
    } catch { /* la connexion est coupée : on relira à la prochaine pause */ }
  }

  document.addEventListener("input", (evenement) => {
    const champ = evenement.target.closest?.("[data-lexique]");
    if (!champ) return;
    clearTimeout(attentes.get(champ));
    attentes.set(champ, setTimeout(() => relire(champ), PAUSE));
  });
})();
