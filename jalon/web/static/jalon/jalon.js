/* Le clavier d'abord. Tout ce qui suit ne fait qu'aider : chaque page marche sans ce fichier. */
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  const dansUnChamp = (cible) => cible.closest("input, textarea, select, [contenteditable], dialog[open]");
  const liste = () => document.querySelector("[data-liste]");
  const lignes = () => Array.from(document.querySelectorAll("[data-liste] [data-ligne]"));
  const courante = () => document.querySelector("[data-ligne].courante");

  function aller(pas) {
    const toutes = lignes();
    if (!toutes.length) return;
    const rang = toutes.indexOf(courante());
    const suivante = toutes[Math.min(Math.max(rang + pas, 0), toutes.length - 1)];
    toutes.forEach((ligne) => ligne.classList.remove("courante"));
    suivante.classList.add("courante");
    suivante.tabIndex = -1;
    suivante.focus({ preventScroll: true });
    suivante.scrollIntoView({ block: "nearest" });
  }

  function choisir() {
    const case_ = courante()?.querySelector("input[type=checkbox]");
    if (case_) case_.click();
  }

  function ouvrir() {
    const ligne = courante();
    const lien = ligne?.querySelector("[data-ouvrir]") || ligne?.querySelector("a[href]");
    if (lien) lien.click();
    return Boolean(lien);
  }

  function montrerTouches() {
    const dialogue = document.getElementById("touches");
    if (dialogue && !dialogue.open) dialogue.showModal();
  }

  const gestes = {
    "/": () => document.getElementById("recherche-globale")?.focus(),
    "?": montrerTouches,
    j: () => liste() && aller(1),
    k: () => liste() && aller(-1),
    x: choisir,
    o: ouvrir,
  };

  document.addEventListener("keydown", (evenement) => {
    if (evenement.ctrlKey || evenement.metaKey || evenement.altKey) return;
    const champ = dansUnChamp(evenement.target);
    if (evenement.key === "Escape") {
      if (champ && champ.id === "recherche-globale") champ.blur();
      document.querySelectorAll("details.compte[open]").forEach((menu) => { menu.open = false; });
      return;
    }
    if (champ) return;
    if (evenement.key === "Enter" && evenement.target === courante()) {
      if (ouvrir()) evenement.preventDefault();
      return;
    }
    const geste = gestes[evenement.key];
    if (!geste) return;
    evenement.preventDefault();
    geste();
  });

  document.addEventListener("click", (evenement) => {
    const bouton = evenement.target.closest("[data-ouvre]");
    if (bouton) {
      document.getElementById(bouton.dataset.ouvre)?.showModal();
      return;
    }
    document.querySelectorAll("details.compte[open]").forEach((menu) => {
      if (!menu.contains(evenement.target)) menu.open = false;
    });
  });

  /* Une case « tout choisir » (data-tout) commande les cases de sa liste ; data-nombre-choisis dit combien. */
  document.addEventListener("change", (evenement) => {
    const tout = evenement.target.closest("[data-tout]");
    const cases = Array.from(document.querySelectorAll("[data-ligne] input[type=checkbox]"));
    if (tout) cases.forEach((case_) => { case_.checked = tout.checked; });
    const nombre = cases.filter((case_) => case_.checked).length;
    document.querySelectorAll("[data-nombre-choisis]").forEach((sortie) => { sortie.textContent = String(nombre); });
  });
})();
