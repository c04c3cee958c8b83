/* Questionnaire : ce qui est écrit reste sur l'appareil tant que le serveur ne l'a pas gardé, et revient si la page
   s'est fermée ou si la connexion a coupé. data-version change à chaque enregistrement. */
(() => {
  "use strict";
  const formulaire = document.querySelector("form[data-brouillon]");
  if (!formulaire) { return; }
  const cle = `jalon-brouillon:${formulaire.dataset.brouillon}`;
  const version = formulaire.dataset.version;
  const champs = () => Array.from(formulaire.elements).filter((champ) => champ.name && champ.name.startsWith("q-"));
  const garder = () => {
    const ecrits = {};
    champs().forEach((champ) => {
      ecrits[champ.name] = ecrits[champ.name] || [];
      if (champ.type === "checkbox" || champ.type === "radio") { if (champ.checked) { ecrits[champ.name].push(champ.value); } }
      else if (champ.value) { ecrits[champ.name].push(champ.value); }
    });
    try { localStorage.setItem(cle, JSON.stringify({ version, ecrits })); } catch { /* stockage refusé */ }
  };
  try {
    const garde = JSON.parse(localStorage.getItem(cle) || "null");
    if (garde && garde.version !== version) { localStorage.removeItem(cle); }
    else if (garde) {
      champs().forEach((champ) => {
        const valeurs = garde.ecrits[champ.name];
        if (!valeurs) { return; }
        if (champ.type === "checkbox" || champ.type === "radio") { champ.checked = valeurs.includes(champ.value); }
        else { champ.value = valeurs[0] || ""; }
      });
    }
  } catch { /* brouillon illisible : on l'ignore */ }
  formulaire.addEventListener("input", garder);
})();
