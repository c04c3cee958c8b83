"""Graphiques : une spécification Altair, rendue en SVG sur le serveur, lisible sans script.

Le SVG s'insère dans la page : il n'a ni style en ligne ni script, ses textes prennent la couleur et la police de la
page, ses séries des classes que la feuille de style colore. Chaque barre dit son nom et son effectif au survol.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from jalon.observatoire.moteur import Resultat

COULEURS = ("#0b5fa5", "#c47a13", "#1c7a45", "#6a7888")
"""Couleurs de repli, quand aucune feuille de style ne s'applique ; la page les remplace (clair, sombre)."""

LARGEUR = 180
PAS = 30
POLICE = "Atkinson Hyperlegible Next, sans-serif"
MASQUE = "s"
LEGENDE_COURTE = 28
"""Au-delà, deux noms ne tiennent pas côte à côte : la légende passe à la ligne."""


@dataclass(frozen=True)
class Part:
    """Une part d'une barre ; la barre entière quand il n'y a qu'une série."""

    barre: str
    serie: str
    effectif: int | None
    """`None` : masqué."""


@dataclass(frozen=True)
class Dessin:
    """Ce qui est dessiné : des parts, et l'étiquette au bout de chaque barre."""

    titre: str
    parts: tuple[Part, ...]
    etiquettes: tuple[tuple[str, str], ...]

    @property
    def series(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.serie for part in self.parts))


def ecrire_nombre(nombre: int | None) -> str:
    """Groupes de trois chiffres, espace fine ; « s » pour un effectif masqué."""
    return MASQUE if nombre is None else f"{nombre:,}".replace(",", "\u202f")


def dessin(resultat: Resultat) -> Dessin:
    """Les parts à dessiner, prises dans les cases mêmes du tableau."""
    tableau, graphique = resultat.tableau, resultat.tableau.graphique
    lignes = {m.code: m.libelle for m in resultat.lignes}
    colonnes = {m.code: m.libelle for m in resultat.colonnes}
    if resultat.ventilation:
        mesure = tableau.total or tableau.lignes[0].code
        cases = [[(code, mesure)] for code in lignes if code != resultat.total]
        noms = [(lignes[paire[0][0]], [colonnes[mesure]]) for paire in cases]
        totaux = [paire[0] for paire in cases]
    else:
        en_lignes = graphique.axe == "lignes"
        barres = [b for b in graphique.barres if b in (lignes if en_lignes else colonnes)]
        series = [s for s in graphique.series if s in (colonnes if en_lignes else lignes)]
        cases = [[(b, s) if en_lignes else (s, b) for s in series] for b in barres]
        noms_barres, noms_series = (lignes, colonnes) if en_lignes else (colonnes, lignes)
        noms = [(noms_barres[b], [noms_series[s] for s in series]) for b in barres]
        totaux = [(b, tableau.colonne_principale) if en_lignes else (tableau.lignes[0].code, b) for b in barres]
    parts = tuple(
        Part(nom, serie, resultat.valeur(*case))
        for paires, (nom, libelles) in zip(cases, noms, strict=True)
        for case, serie in zip(paires, libelles, strict=True)
    )
    etiquettes = tuple((nom, _etiquette(resultat, *total)) for total, (nom, _) in zip(totaux, noms, strict=True))
    return Dessin(f"{tableau.titre}, {resultat.lieu}", parts, etiquettes)


def _etiquette(resultat: Resultat, ligne: str, colonne: str) -> str:
    effectif = ecrire_nombre(resultat.valeur(ligne, colonne))
    part = resultat.pourcentage(ligne, colonne)
    return effectif if part is None else f"{effectif} · {part}\u202f%".replace(".", ",")


def specification(dessin: Dessin) -> dict[str, Any]:
    """La spécification Vega-Lite, la même pour la page et pour un document."""
    import altair as alt

    ordre = [nom for nom, _ in dessin.etiquettes]
    series = list(dessin.series)
    valeurs = [
        {
            "barre": p.barre, "serie": p.serie, "effectif": p.effectif or 0, "rang": series.index(p.serie),
            "dit": f"{p.barre}, {p.serie} : {ecrire_nombre(p.effectif)}" if len(series) > 1
            else f"{p.barre} : {ecrire_nombre(p.effectif)}",
        }
        for p in dessin.parts
    ]  # fmt: skip
    sommes = dict.fromkeys(ordre, 0)
    for part in dessin.parts:
        sommes[part.barre] += part.effectif or 0
    bouts = [{"barre": nom, "somme": sommes[nom], "etiquette": texte} for nom, texte in dessin.etiquettes]
    axe = alt.Axis(ticks=False, domain=False, labelLimit=190, labelPadding=8)
    y = alt.Y("barre:N", sort=ordre, title=None, axis=axe)
    legende = alt.Legend(
        orient="top",
        direction="horizontal",
        title=None,
        symbolType="square",
        labelLimit=340,
        columns=1 if any(len(nom) > LEGENDE_COURTE for nom in series) else 2,
    )
    barres = (
        alt.Chart(alt.InlineData(values=valeurs))
        .mark_bar(size=17, stroke="white", strokeWidth=1)
        .encode(
            y=y,
            x=alt.X("sum(effectif):Q", stack="zero", axis=None, scale=alt.Scale(domainMin=0)),
            order=alt.Order("rang:Q"),
            color=alt.Color(
                "serie:N",
                sort=series,
                scale=alt.Scale(domain=series, range=list(COULEURS[: len(series)])),
                legend=legende if len(series) > 1 else None,
            ),
            description=alt.Description("dit:N"),
        )
    )
    textes = (
        alt.Chart(alt.InlineData(values=bouts))
        .mark_text(align="left", dx=6, aria=False)
        .encode(y=alt.Y("barre:N", sort=ordre), x=alt.X("somme:Q"), text="etiquette:N")
    )
    encre = "currentColor"
    graphe = (
        (barres + textes)
        .properties(width=LARGEUR, height=alt.Step(PAS))
        .configure(font=POLICE, background="transparent", padding={"left": 0, "top": 0, "bottom": 0, "right": 8})
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=14, labelColor=encre)
        .configure_legend(labelFontSize=14, labelColor=encre, symbolSize=160, symbolStrokeWidth=0)
        .configure_text(fontSize=14, color=encre)
    )
    specification: dict[str, Any] = graphe.to_dict()
    return specification


_ATTRIBUTS = frozenset({
    "d", "transform", "viewBox", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "rx", "text-anchor", "opacity",
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-miterlimit", "font-family", "font-size", "font-weight",
})  # fmt: skip
_ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "text", "tspan", "title"})
_SVG = "http://www.w3.org/2000/svg"


@lru_cache(maxsize=256)
def en_svg(dessin: Dessin) -> str:
    """SVG prêt à insérer dans une page : ni style en ligne, ni script, un nom pour les lecteurs d'écran."""
    import vl_convert

    return nettoyer(vl_convert.vegalite_to_svg(specification(dessin)), dessin.titre)


def nettoyer(brut: str, titre: str) -> str:
    """Ne garde d'un dessin que des formes et des textes, colorés par la page et nommés pour les lecteurs d'écran."""
    racine = etree.fromstring(brut.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    for element in list(racine.iter()):
        nom = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if nom not in _ELEMENTS:
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
            continue
        dit = element.get("aria-label", "") if element.get("aria-roledescription") == "bar" else ""
        couleur = element.get("fill", "").lower()
        element.tag = nom
        for attribut in set(element.attrib) - _ATTRIBUTS:
            del element.attrib[attribut]
        if couleur in COULEURS:
            element.set("class", f"serie serie-{COULEURS.index(couleur) + 1}")
        if dit:
            etree.SubElement(element, "title").text = dit
    etree.cleanup_namespaces(racine)
    racine.set("class", "graphique")
    racine.set("role", "img")
    racine.set("aria-label", f"Graphique : {titre}. Les mêmes chiffres sont dans le tableau.")
    sortie = etree.tostring(racine, encoding="unicode")
    return sortie.replace("<svg ", f'<svg xmlns="{_SVG}" ', 1) if "xmlns" not in sortie else sortie
