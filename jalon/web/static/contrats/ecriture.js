/* Garde chaque rubrique pendant la frappe. Une coupure garde le texte sur l'appareil et le renvoie au retour ; un autre
   auteur n'est jamais effacé : les deux textes se montrent, et l'on choisit. Sans ce fichier, « Enregistrer » fait tout. */
(() => {
  "use strict";
  const large = matchMedia("(min-width: 62rem)");
  const savoir = document.querySelector("[data-savoir]");
  if (savoir) { savoir.open = large.matches; }

  const ATTENTE = 900;
  const REPRISE = 6000;
  const COUPEE = "Connexion coupée : votre texte est gardé sur cet appareil, il partira tout seul.";
  const GENRE = { sien: "Garder l’autre texte", deux: "Garder les deux, à la suite", mien: "Mettre le mien" };

  class Rubrique {
    constructor(bloc, formulaire) {
      this.bloc = bloc;
      this.formulaire = formulaire;
      this.code = bloc.dataset.rubrique;
      this.cle = `jalon-ecriture:${formulaire.dataset.ecriture}:${this.code}`;
      this.etat = bloc.querySelector("[data-etat]");
      this.numero = bloc.querySelector("[data-numero]");
      this.origine = bloc.querySelector("[data-origine]");
      this.mots = bloc.querySelector(`[name="m-${this.code}"]`);
      this.minuterie = 0;
      this.encours = null;
      this.change = false;
      this.arrete = Boolean(bloc.querySelector("[data-ecart]"));
      this.perdu = null;
      if (!this.arrete) { this.relire(); }
    }

    cases() { return Array.from(this.bloc.querySelectorAll(`[name="c-${this.code}"]`)); }

    valeurs() {
      return this.cases()
        .filter((c) => (c.type === "checkbox" || c.type === "radio" ? c.checked : c.value.trim() !== ""))
        .map((c) => c.value);
    }

    poser(valeurs) {
      this.cases().forEach((c) => {
        if (c.type === "checkbox" || c.type === "radio") { c.checked = valeurs.includes(c.value); } else { c.value = valeurs[0] || ""; }
      });
    }

    dire(texte, ton = "") {
      this.etat.textContent = texte;
      this.etat.dataset.ton = ton;
    }

    /* Ce qui n'était pas parti quand la page s'est fermée. */
    relire() {
      try {
        const garde = JSON.parse(localStorage.getItem(this.cle) || "null");
        if (!garde) { return; }
        if (JSON.stringify(garde.valeurs) === JSON.stringify(this.valeurs())) { this.oublier(); return; }
        this.poser(garde.valeurs);
        this.numero.value = garde.numero;
        this.change = true;
        this.dire("Votre texte d’avant la coupure est revenu : il s’enregistre.");
        this.minuterie = setTimeout(() => this.garder(), 200);
      } catch { /* stockage refusé ou illisible : la page du serveur fait foi */ }
    }

    retenir() {
      try { localStorage.setItem(this.cle, JSON.stringify({ valeurs: this.valeurs(), numero: this.numero.value })); } catch { /* refusé */ }
    }

    oublier() { try { localStorage.removeItem(this.cle); } catch { /* refusé */ } }

    frapper() {
      if (this.arrete) { return; }
      this.change = true;
      this.retenir();
      this.dire("En cours d’écriture…");
      clearTimeout(this.minuterie);
      this.minuterie = setTimeout(() => this.garder(), ATTENTE);
    }

    async garder(choix = "") {
      clearTimeout(this.minuterie);
      this.minuterie = 0;
      if (this.encours) { return; }
      if (!choix && (this.arrete || !this.change)) { return; }
      this.change = false;
      const envoyees = this.valeurs();
      const corps = new FormData();
      corps.append("csrfmiddlewaretoken", this.formulaire.elements.namedItem("csrfmiddlewaretoken").value);
      corps.append(`n-${this.code}`, this.numero.value);
      envoyees.forEach((valeur) => corps.append(`c-${this.code}`, valeur));
      if (this.mots && this.mots.checked) { corps.append(`m-${this.code}`, "oui"); }
      if (choix) { corps.append("choix", choix); }
      try {
        this.encours = fetch(this.bloc.dataset.adresse, { method: "POST", body: corps, headers: { Accept: "application/json" }, credentials: "same-origin", keepalive: true });
        const reponse = await this.encours;
        const dit = (reponse.headers.get("content-type") || "").includes("json") ? await reponse.json() : { message: "Rechargez la page : votre session est peut-être finie. Votre texte est gardé sur cet appareil." };
        if (reponse.ok && "numero" in dit) { this.reussir(dit); } else if (reponse.status === 409 && dit.valeurs) { this.departager(dit, envoyees); } else { this.dire(dit.message, "rouge"); if (dit.fini) { this.arrete = true; } }
        this.perdu = null;
      } catch {
        this.change = true;
        this.perdu = this.perdu || envoyees;
        this.dire(COUPEE, "ambre");
        this.minuterie = setTimeout(() => this.garder(), REPRISE);
      } finally {
        this.encours = null;
        if (this.change && navigator.onLine && !this.minuterie) { this.minuterie = setTimeout(() => this.garder(), ATTENTE); }
      }
    }

    reussir(dit) {
      this.numero.value = dit.numero;
      this.origine.value = dit.origine;
      this.bloc.querySelector("[data-ecart]")?.remove();
      this.arrete = false;
      if (dit.valeurs) { this.poser(dit.valeurs); }
      if (this.change) { this.retenir(); this.minuterie = setTimeout(() => this.garder(), ATTENTE); return; }
      this.oublier();
      this.dire(dit.quand ? `Enregistré à ${dit.quand}` : "Enregistré", "vert");
    }

    departager(dit, envoyees) {
      /* La réponse s'était perdue : ce que l'on croit être l'autre est ce que cette page avait envoyé. */
      if (this.perdu && JSON.stringify(dit.valeurs) === JSON.stringify(this.perdu)) {
        this.numero.value = dit.numero;
        this.change = JSON.stringify(envoyees) !== JSON.stringify(dit.valeurs);
        if (this.change) { this.minuterie = setTimeout(() => this.garder(), 50); } else { this.oublier(); this.dire("Enregistré", "vert"); }
        return;
      }
      this.arrete = true;
      this.numero.value = dit.numero;
      this.dire("À trancher : deux textes.", "rouge");
      const cadre = document.createElement("fieldset");
      cadre.className = "ecart";
      cadre.dataset.ecart = "";
      const titre = document.createElement("legend");
      titre.textContent = "Deux textes : lequel garder ?";
      const phrase = document.createElement("p");
      phrase.textContent = dit.message;
      const deux = document.createElement("div");
      deux.className = "ecart-deux";
      [["Le vôtre", dit.mien || "(rien)"], [dit.auteur, dit.sien]].forEach(([qui, texte]) => {
        const part = document.createElement("div");
        const nom = document.createElement("p");
        nom.className = "discret";
        nom.textContent = qui;
        const lu = document.createElement("p");
        lu.className = "texte-libre";
        lu.textContent = texte;
        part.append(nom, lu);
        deux.append(part);
      });
      const boutons = document.createElement("p");
      boutons.className = "boutons";
      ["sien", dit.reunissable ? "deux" : "", "mien"].filter(Boolean).forEach((choix) => {
        const bouton = document.createElement("button");
        bouton.type = "button";
        bouton.className = "btn";
        bouton.textContent = GENRE[choix];
        bouton.addEventListener("click", () => this.garder(choix));
        boutons.append(bouton);
      });
      cadre.append(titre, phrase, deux, boutons);
      this.etat.after(cadre);
      boutons.querySelector("button").focus();
    }
  }

  document.querySelectorAll("form[data-ecriture]").forEach((formulaire) => {
    const rubriques = Array.from(formulaire.querySelectorAll("[data-rubrique]")).map((bloc) => new Rubrique(bloc, formulaire));
    const trouver = (cible) => rubriques.find((r) => r.bloc.contains(cible));
    formulaire.addEventListener("input", (evenement) => trouver(evenement.target)?.frapper());
    formulaire.addEventListener("change", (evenement) => trouver(evenement.target)?.frapper());
    addEventListener("online", () => rubriques.forEach((r) => r.garder()));
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") { rubriques.forEach((r) => r.garder()); } });
    /* Envoyer toute la page attend ce qui part déjà : les numéros envoyés sont alors les bons. */
    formulaire.addEventListener("submit", async (evenement) => {
      rubriques.forEach((r) => clearTimeout(r.minuterie));
      const partent = rubriques.filter((r) => r.encours);
      if (!partent.length) { rubriques.forEach((r) => { r.arrete = true; }); return; }
      evenement.preventDefault();
      const bouton = evenement.submitter;
      await Promise.allSettled(partent.map((r) => r.encours));
      setTimeout(() => { rubriques.forEach((r) => { clearTimeout(r.minuterie); r.arrete = true; }); formulaire.requestSubmit(bouton); }, 60);
    });
  });
})();
