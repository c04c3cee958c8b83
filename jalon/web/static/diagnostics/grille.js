/* La grille au clavier : un chiffre choisit, Entrée passe à la question suivante. Sans lui, ce sont des boutons radio. */
(() => {
  "use strict";
  const grille = document.querySelector("[data-grille]");
  if (!grille) return;
  const questions = Array.from(grille.querySelectorAll("[data-question]"));
  const avancement = grille.querySelector("[data-avancement]");

  const radios = (question) => Array.from(question.querySelectorAll("input[type=radio]"));
  const choisi = (question) => radios(question).find((radio) => radio.checked);

  function viser(question) {
    const cible = choisi(question) || radios(question)[0];
    cible?.focus({ preventScroll: true });
    question.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  function compter() {
    const faites = questions.filter((question) => choisi(question)).length;
    avancement.textContent = `${faites} sur ${questions.length}`;
  }

  grille.addEventListener("keydown", (evenement) => {
    if (evenement.ctrlKey || evenement.metaKey || evenement.altKey || evenement.target.type !== "radio") return;
    const rang = questions.indexOf(evenement.target.closest("[data-question]"));
    if (rang < 0) return;
    if (evenement.key === "Enter") {
      evenement.preventDefault();
      const suivante = questions[rang + 1];
      if (suivante) viser(suivante);
      else grille.querySelector("#id_date_passation")?.focus();
      return;
    }
    if (!/^[0-9]$/.test(evenement.key)) return;
    const valeur = evenement.key === "0" ? "sans" : evenement.key;
    const radio = radios(questions[rang]).find((candidate) => candidate.value === valeur);
    if (!radio) return;
    evenement.preventDefault();
    radio.checked = true;
    radio.focus();
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  });
  grille.addEventListener("change", compter);
  compter();
  if (!choisi(questions[0])) radios(questions[0])[0]?.focus({ preventScroll: true });
})();
