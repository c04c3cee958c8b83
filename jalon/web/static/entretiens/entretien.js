/* L'entretien sur place : la note se garde pendant la frappe, chaque bouton met la page à jour sans la recharger.
   Sans ce fichier, les mêmes boutons envoient la page et la rendent. */
(() => {
  "use strict";
  const page = document.querySelector("[data-entretien]");
  if (!page) return;
  const PAUSE = 1200, REPRISE = 5000;
  const COPIE = `entretien:${location.pathname}`;
  const NOMS = ["faits", "dit_par_la_personne", "analyse", "suite"];
  const champs = () => NOMS.map((nom) => page.elements.namedItem(nom)).filter(Boolean);
  const valeur = (nom) => page.elements.namedItem(nom)?.value || "";
  let minuterie = 0, encours = null, change = false, arrete = false, envoi = false;

  const dire = (texte) => { const etat = page.querySelector("[data-etat]"); if (etat) etat.textContent = texte; };

  /* Une copie reste dans cet onglet tant que le serveur n'a pas répondu : fermer ou recharger ne perd rien. */
  function copier() {
    try { sessionStorage.setItem(COPIE, JSON.stringify({ numero: valeur("numero"), textes: Object.fromEntries(champs().map((c) => [c.name, c.value])) })); } catch { /* stockage refusé : la page garde le texte */ }
  }
  function oublier() { try { sessionStorage.removeItem(COPIE); } catch { /* rien n'était gardé */ } }
  function reprendre() {
    let copie = null;
    try { copie = JSON.parse(sessionStorage.getItem(COPIE) || "null"); } catch { return; }
    if (!copie || !champs().some((champ) => copie.textes[champ.name] !== undefined && copie.textes[champ.name] !== champ.value)) { oublier(); return; }
    champs().forEach((champ) => { if (copie.textes[champ.name] !== undefined) champ.value = copie.textes[champ.name]; });
    page.elements.namedItem("numero").value = copie.numero;
    change = true;
    dire("Ce que vous écriviez avant la coupure est de retour dans les cases.");
    minuterie = setTimeout(garder, PAUSE);
  }

  function noterNumero(note, numero) {
    if (!note) return;
    page.elements.namedItem("note").value = note;
    page.elements.namedItem("numero").value = numero;
  }

  async function garder() {
    clearTimeout(minuterie);
    if (arrete || envoi || !change || encours) return;
    change = false;
    encours = fetch(page.dataset.garder, { method: "POST", body: new FormData(page), credentials: "same-origin" });
    try {
      const reponse = await encours;
      if (reponse.redirected) throw new Error("session fermée");
      const dit = await reponse.json();
      if (reponse.ok) {
        noterNumero(dit.note, dit.numero);
        if (dit.quand) dire(`Gardée le ${dit.quand}.`);
        if (!change) oublier();
      } else {
        arrete = true;
        dire(dit.message);
      }
    } catch {
      change = true;
      dire("La connexion est coupée : votre texte reste ici. Nouvel essai dans un instant.");
      minuterie = setTimeout(garder, REPRISE);
    } finally {
      encours = null;
      if (change && !arrete) { clearTimeout(minuterie); minuterie = setTimeout(garder, REPRISE); }
    }
  }

  page.addEventListener("input", (evenement) => {
    if (!champs().includes(evenement.target)) return;
    change = true;
    copier();
    clearTimeout(minuterie);
    minuterie = setTimeout(garder, PAUSE);
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") garder(); });

  /* Ce que portent les cases des blocs, pour reconnaître ce qui s'écrit pendant qu'un envoi est en route. */
  const cle = (champ) => (champ.matches("[type=radio], [type=checkbox]") ? `${champ.name}=${champ.value}` : champ.name);
  const lu = (champ) => (champ.matches("[type=radio], [type=checkbox]") ? champ.checked : champ.value);
  const cases = (racine) => [...racine.querySelectorAll("[data-bloc] :is(input:not([type=hidden]), textarea, select)")].filter((champ) => champ.name);
  const photographier = () => new Map(cases(page).map((champ) => [cle(champ), lu(champ)]));

  /* Un bouton : l'envoi part, les blocs reviennent à jour, les cases de la note ne bougent pas. Ce qui s'est écrit
     dans un bloc depuis l'envoi y reste. */
  function remplacer(neuve, ancre, avant) {
    const apres = new Map([...photographier()].filter(([nom, valeur]) => avant.get(nom) !== valeur));
    document.getElementById("messages")?.replaceWith(neuve.getElementById("messages"));
    page.querySelectorAll("[data-bloc]").forEach((bloc) => {
      const recu = neuve.querySelector(`[data-bloc="${bloc.dataset.bloc}"]`);
      if (recu) bloc.replaceWith(document.importNode(recu, true));
    });
    cases(page).forEach((champ) => {
      if (!apres.has(cle(champ))) return;
      if (typeof apres.get(cle(champ)) === "boolean") champ.checked = apres.get(cle(champ)); else champ.value = apres.get(cle(champ));
    });
    const etat = neuve.querySelector("[data-etat]");
    if (etat) dire(etat.textContent);
    const cible = document.getElementById(ancre);
    if (cible) cible.focus({ preventScroll: true });
  }

  async function envoyer(bouton) {
    clearTimeout(minuterie);
    if (encours) { try { await encours; } catch { /* la connexion est coupée : l'envoi le dira */ } }
    envoi = true;
    page.setAttribute("aria-busy", "true");
    const corps = new FormData(page);
    corps.append("acte", bouton.value);
    const avant = photographier(), changeAvant = change;
    change = false;
    const ancre = bouton.closest("section[id]")?.id || "note";
    try {
      const reponse = await fetch(page.getAttribute("action") || location.href, { method: "POST", body: corps, credentials: "same-origin", headers: { "X-Jalon-Sur-Place": "oui" } });
      const neuve = new DOMParser().parseFromString(await reponse.text(), "text/html");
      if (reponse.redirected || !neuve.querySelector("[data-entretien]")) throw new Error("réponse inattendue");
      arrete = false;
      if (!change) oublier();
      remplacer(neuve, ancre, avant);
      document.getElementById("messages")?.scrollIntoView({ block: "nearest" });
    } catch {
      change = change || changeAvant;
      copier();
      dire("Rien n’est parti : la connexion est coupée ou votre session est fermée. Votre texte reste ici ; réessayez, ou reconnectez-vous dans un autre onglet.");
    } finally {
      envoi = false;
      page.removeAttribute("aria-busy");
      if (change && !arrete) minuterie = setTimeout(garder, PAUSE);
    }
  }

  page.addEventListener("submit", (evenement) => {
    if (!evenement.submitter) return;
    evenement.preventDefault();
    if (!envoi) envoyer(evenement.submitter);
  });

  /* Entrée dans une case d'un bloc vaut le bouton de ce bloc ; Ctrl + Entrée enregistre la note ; 1 à 4 mènent aux parties. */
  const BOUTON_DE = { motif: "excuse", plan: "ajouter", suite: "prochain" };
  document.addEventListener("keydown", (evenement) => {
    const dans = evenement.target.closest("input, textarea, select");
    if (evenement.key === "Enter" && (evenement.ctrlKey || evenement.metaKey)) {
      evenement.preventDefault();
      page.querySelector("[data-principal]")?.click();
      return;
    }
    if (evenement.ctrlKey || evenement.metaKey || evenement.altKey) return;
    if (evenement.key === "Enter" && dans && page.contains(dans) && dans.matches("input:not([type=hidden])")) {
      const bouton = page.querySelector(`button[value="${BOUTON_DE[dans.id] || BOUTON_DE[dans.closest("section[id]")?.id] || "note"}"]`);
      if (bouton) { evenement.preventDefault(); bouton.click(); }
      return;
    }
    if (dans || document.querySelector("dialog[open]")) return;
    const partie = page.querySelectorAll("section[id]")[Number(evenement.key) - 1];
    if (!partie) return;
    evenement.preventDefault();
    partie.scrollIntoView({ block: "start" });
    (partie.querySelector("textarea, input:not([type=hidden]), button, select") || partie).focus({ preventScroll: true });
  });

  reprendre();
})();
