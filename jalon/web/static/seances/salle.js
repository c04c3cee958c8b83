/* La séance au clavier. Ce fichier ne fait qu'aider : chaque geste est un lien ou un formulaire qui marche sans lui. */
(() => {
  "use strict";

  const salle = () => document.querySelector("[data-salle]");
  const formulaire = () => salle()?.querySelector("[data-decision]");
  const texte = (cible) => cible.closest("textarea, input:not([type=radio]):not([type=checkbox]), [contenteditable], dialog[open]");

  /* Ne montre, pour le type choisi, que ses motifs et ses structures ; propose la première place libre. */
  function accorder(change) {
    const forme = formulaire();
    const type = forme?.querySelector("input[name=type]:checked")?.value;
    if (!type) return;
    for (const champ of [forme.elements.motif, forme.elements.organisme]) {
      for (const groupe of champ.querySelectorAll("optgroup")) {
        const sien = groupe.dataset.type === type;
        groupe.hidden = !sien;
        groupe.disabled = !sien;
      }
      const choisie = champ.selectedOptions[0];
      if (change && choisie?.parentElement.dataset.type && choisie.parentElement.dataset.type !== type) champ.value = "";
    }
    if (change && !forme.elements.organisme.value) {
      const premiere = forme.elements.organisme.querySelector(`optgroup[data-type="${type}"] option`);
      if (premiere) premiere.selected = true;
    }
    if (change && !forme.elements.motif.value && forme.dataset.avisType === type && forme.dataset.avisMotif) {
      const conseille = forme.elements.motif.querySelector(
        `optgroup[data-type="${type}"] option[value="${forme.dataset.avisMotif}"]`
      );
      if (conseille) conseille.selected = true;
    }
    accorderReferents();
  }

  function accorderReferents() {
    const forme = formulaire();
    if (!forme) return;
    const structure = forme.elements.organisme.value;
    for (const option of forme.elements.referent.options) {
      if (!option.dataset.organismes) continue;
      const sien = option.dataset.organismes.split(" ").includes(structure);
      option.hidden = !sien;
      option.disabled = !sien;
      if (!sien && option.selected) forme.elements.referent.value = "";
    }
  }

  function choisirType(touche) {
    const radio = formulaire()?.querySelector(`input[type=radio][data-touche="${touche}"]`);
    if (!radio) return false;
    radio.checked = true;
    radio.focus();
    accorder(true);
    return true;
  }

  function allerA(touche) {
    const champ = salle()?.querySelector(`select[data-touche="${touche}"], textarea[data-touche="${touche}"]`);
    if (!champ) return false;
    champ.focus();
    return true;
  }

  function ajourner() {
    const bloc = salle()?.querySelector("[data-ajourner]");
    if (!bloc) return false;
    bloc.open = true;
    bloc.querySelector("input[name=motif_ajournement]").focus();
    return true;
  }

  function aider() {
    const dialogue = document.getElementById("touches-salle");
    if (dialogue && !dialogue.open) dialogue.showModal();
    return Boolean(dialogue);
  }

  function suivre(sens) {
    const lien = salle()?.querySelector(`.salle-liste a[rel=${sens}]`);
    if (lien) lien.click();
    return Boolean(lien);
  }

  function valider(cible) {
    const forme = formulaire();
    if (!forme || cible.closest("a, button, summary")) return false;
    if (cible.closest("form") && cible.closest("form") !== forme) return false;
    forme.requestSubmit(forme.querySelector("button[value=statuer]"));
    return true;
  }

  document.addEventListener("keydown", (evenement) => {
    if (!salle() || evenement.ctrlKey || evenement.metaKey || evenement.altKey) return;
    const cible = evenement.target;
    if (evenement.key === "Escape" && cible.closest("[data-salle]")) {
      cible.blur();
      return;
    }
    if (texte(cible)) return;
    const liste = cible.closest("select");
    let fait = false;
    if (evenement.key === "?") fait = aider();
    else if (evenement.key === "Enter") fait = valider(cible);
    else if (liste) return;
    else if (/^[1-9]$/.test(evenement.key)) fait = choisirType(evenement.key);
    else if (evenement.key === "j") fait = suivre("next");
    else if (evenement.key === "k") fait = suivre("prev");
    else if (evenement.key === "a") fait = ajourner();
    else if (["m", "s", "r", "n", "v", "t"].includes(evenement.key)) fait = allerA(evenement.key);
    if (!fait) return;
    evenement.preventDefault();
    evenement.stopPropagation();
  }, true);

  document.addEventListener("change", (evenement) => {
    if (!evenement.target.closest("[data-decision]")) return;
    if (evenement.target.name === "type") accorder(true);
    if (evenement.target.name === "organisme") accorderReferents();
  });

  function installer() {
    if (!salle()) return;
    accorder(false);
    salle().querySelector(".salle-liste .courant")?.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("htmx:afterSwap", (evenement) => {
    if (evenement.detail.target?.id !== "salle" && !salle()) return;
    installer();
    (salle()?.querySelector("[role=alert]") || salle()?.querySelector("[data-titre-dossier]"))?.focus();
  });
  installer();
})();
