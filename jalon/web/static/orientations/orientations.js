/* Décider sans lâcher le clavier. Sans ce fichier, l'écran dit et fait la même chose. */
(() => {
  "use strict";
  const formulaire = document.querySelector("[data-decision]");
  const suivre = (quoi) => document.querySelector(`[data-aller="${quoi}"]`)?.click();

  document.addEventListener("keydown", (evenement) => {
    if (formulaire && evenement.key === "Enter" && (evenement.ctrlKey || evenement.metaKey)) {
      evenement.preventDefault();
      formulaire.requestSubmit(formulaire.querySelector("[data-decider]"));
      return;
    }
    if (evenement.ctrlKey || evenement.metaKey || evenement.altKey) return;
    if (evenement.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, dialog[open]")) return;
    if (formulaire && { j: 1, k: 1, o: 1 }[evenement.key]) {
      evenement.preventDefault();
      suivre({ j: "suivante", k: "precedente", o: "dossier" }[evenement.key]);
    }
    if (evenement.key === "d") document.querySelector("[data-ligne].courante [data-orienter]")?.click();
  });

  if (!formulaire) return;

  /* Une liste ne garde que ce qui va avec le choix d'avant : organismes du type, référents de l'organisme. */
  const listes = new Map();
  formulaire.querySelectorAll("select[data-selon]").forEach((liste) => {
    listes.set(liste, { groupes: Array.from(liste.children), de: liste.dataset.selon });
  });
  const valeurDe = (nom) => {
    const champ = formulaire.elements.namedItem(nom);
    return champ ? champ.value : "";
  };
  function resserrer() {
    listes.forEach(({ groupes, de }, liste) => {
      const choisi = liste.value;
      const voulu = valeurDe(de);
      const gardes = groupes.filter((g) => !g.dataset.pour || !voulu || g.dataset.pour.split(" ").includes(voulu));
      liste.replaceChildren(...gardes);
      liste.value = choisi;
      if (liste.value !== choisi || liste.selectedIndex < 0) liste.selectedIndex = 0;
    });
    const ecart = formulaire.querySelector("[data-ecart]");
    if (ecart && ecart.dataset.ecart) ecart.hidden = valeurDe("type") === ecart.dataset.ecart;
  }
  formulaire.addEventListener("change", resserrer);
  resserrer();
})();
