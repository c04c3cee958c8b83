/* Signature au doigt, au stylet ou à la souris : le tracé part avec le formulaire, en points d'une boîte de 600 × 200.
   Sans ce script, et au clavier, le nom écrit suffit. */
(() => {
  "use strict";
  const formulaire = document.querySelector("form[data-signature]");
  if (!formulaire) { return; }
  const toile = formulaire.querySelector("[data-cadre]");
  const champ = formulaire.querySelector("[data-trace]");
  const etat = formulaire.querySelector("[data-trace-etat]");
  const plume = toile.getContext("2d");
  const MAXIMUM = 39000;
  let traits = [];
  let courant = null;

  const borner = (valeur, fin) => Math.max(0, Math.min(fin, Math.round(valeur)));
  const point = (geste) => {
    const cadre = toile.getBoundingClientRect();
    return [borner(((geste.clientX - cadre.left) / cadre.width) * 600, 600), borner(((geste.clientY - cadre.top) / cadre.height) * 200, 200)];
  };
  const dessiner = () => {
    plume.clearRect(0, 0, 600, 200);
    plume.lineWidth = 3; plume.lineCap = "round"; plume.lineJoin = "round"; plume.strokeStyle = "#111";
    traits.forEach((trait) => {
      plume.beginPath();
      trait.forEach(([x, y], rang) => { if (rang) { plume.lineTo(x, y); } else { plume.moveTo(x, y); } });
      plume.stroke();
    });
  };
  const ecrire = () => {
    const texte = traits.filter((trait) => trait.length > 1).map((trait) => trait.map(([x, y], rang) => `${rang ? "L" : "M"} ${x} ${y}`).join(" ")).join(" ");
    if (texte.length > MAXIMUM) { traits.pop(); dessiner(); etat.textContent = "Ce tracé est trop long : effacez et recommencez plus simplement."; return; }
    champ.value = texte;
    etat.textContent = texte ? "Le tracé est prêt." : "Le nom écrit suffit.";
  };
  const relire = () => {
    traits = champ.value.split("M ").filter(Boolean).map((suite) => suite.split("L ").map((morceau) => morceau.trim().split(" ").map(Number)));
    dessiner();
  };

  toile.addEventListener("pointerdown", (geste) => {
    if (courant || geste.button > 0) { return; }
    geste.preventDefault();
    toile.setPointerCapture(geste.pointerId);
    courant = [point(geste)];
    traits.push(courant);
  });
  toile.addEventListener("pointermove", (geste) => {
    if (!courant) { return; }
    const suivant = point(geste);
    const dernier = courant[courant.length - 1];
    if (Math.abs(suivant[0] - dernier[0]) + Math.abs(suivant[1] - dernier[1]) < 3) { return; }
    courant.push(suivant);
    dessiner();
  });
  const lever = () => { if (courant) { courant = null; ecrire(); } };
  toile.addEventListener("pointerup", lever);
  toile.addEventListener("pointercancel", lever);
  formulaire.querySelector("[data-effacer]").addEventListener("click", () => { traits = []; dessiner(); ecrire(); });
  if (champ.value) { relire(); }
})();
