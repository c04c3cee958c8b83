"""Du résultat à la page : lignes de table, tuiles, liens vers les dossiers derrière chaque chiffre."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from jalon.observatoire.cliches import cliche_precedent
from jalon.observatoire.graphiques import dessin, ecrire_nombre, en_svg
from jalon.observatoire.moteur import Resultat, calculer, pourcentage
from jalon.referentiels.parametres import mot
from jalon.web.pilotage.demande import Demande
from jalon.web.templatetags.jalon import date_courte, nombre, pourcent


@dataclass(frozen=True)
class CaseAffichee:
    texte: str
    part: Decimal | None
    en_parts: bool
    """La colonne a des pourcentages : cette case leur garde une place, pour rester alignée."""
    url: str


@dataclass(frozen=True)
class LigneAffichee:
    libelle: str
    total: bool
    cases: tuple[CaseAffichee, ...]


@dataclass(frozen=True)
class Carte:
    """Un tableau prêt à l'affichage, avec son graphique et sa table."""

    resultat: Resultat
    url: str
    lignes: tuple[LigneAffichee, ...]
    svg: SafeString
    colonne_detaillee: str


@dataclass(frozen=True)
class Tuile:
    valeur: int | str
    libelle: str
    url: str
    detail: str


def carte(demande: Demande, resultat: Resultat) -> Carte:
    tableau = resultat.tableau
    en_parts = {
        colonne.code
        for colonne in resultat.colonnes
        if any(resultat.pourcentage(ligne.code, colonne.code) is not None for ligne in resultat.lignes)
    }
    return Carte(
        resultat=resultat,
        url=reverse("tableau", args=[tableau.code.lower()]) + demande.requete(vue=""),
        lignes=tuple(
            LigneAffichee(
                libelle=ligne.libelle,
                total=ligne.code in (resultat.total, "payables"),
                cases=tuple(
                    CaseAffichee(
                        texte=ecrire_nombre(resultat.valeur(ligne.code, colonne.code)),
                        part=resultat.pourcentage(ligne.code, colonne.code),
                        en_parts=colonne.code in en_parts,
                        url=_lien(demande, resultat, ligne.code, colonne.code),
                    )
                    for colonne in resultat.colonnes
                ),
            )
            for ligne in resultat.lignes
        ),
        # Le SVG sort de notre nettoyage, qui n'en garde que des formes et des textes.
        svg=mark_safe(en_svg(dessin(resultat))),
        colonne_detaillee=tableau.colonne(resultat.colonne).libelle if resultat.colonne else "",
    )


def _lien(demande: Demande, resultat: Resultat, ligne: str, colonne: str) -> str:
    """Adresse des dossiers comptés dans une case ; vide s'il n'y en a pas ou si l'agent n'y a pas droit."""
    if not demande.ouvre_les_dossiers or not resultat.valeur(ligne, colonne):
        return ""
    territoire = demande.territoire
    if resultat.ventilation:
        if ligne != resultat.total:
            territoire = ligne
        if not territoire and ligne != resultat.total:
            return ""
        ligne, colonne = colonne, resultat.colonne or ""
    return reverse("tableau_dossiers", args=[resultat.tableau.code.lower()]) + demande.requete(
        ligne=ligne, colonne=colonne, territoire=territoire, vue="", ventilation=""
    )


TUILES = (
    ("T05", "payables", "total", "Foyers au droit payable", ""),
    ("T05", "personnes", "total", "Personnes couvertes", ""),
    ("T05", "soumises", "total", "", "personne_soumise"),
    ("FILE", "attente", "ensemble", "", "file_orientation"),
)
"""Tableau, ligne, colonne, et le nom du chiffre : le nôtre, ou le mot du département."""


def tuiles(demande: Demande, resultats: dict[str, Resultat]) -> list[Tuile]:
    """Les quatre chiffres de tête, avec leur évolution depuis le dernier mois préparé."""
    precedent = cliche_precedent(demande.a_la_date)
    faites = []
    for code, ligne, colonne, nom, cle in TUILES:
        libelle = nom or _capitale(mot(cle).pluriel if cle == "personne_soumise" else mot(cle).singulier)
        resultat = resultats[code]
        valeur = resultat.valeur(ligne, colonne)
        detail = ""
        if precedent is not None and valeur is not None:
            avant = calculer(
                code, precedent.a_la_date, territoire=demande.territoire or None, permis=demande.permis,
                publication=demande.publication, cliche=precedent, carte=demande.carte,
            ).valeur(ligne, colonne)  # fmt: skip
            detail = evolution(valeur, avant, f"depuis le {date_courte(precedent.a_la_date)}")
        url = _lien(demande, resultat, ligne, colonne) or (
            reverse("tableau", args=[code.lower()]) + demande.requete(vue="")
        )
        faites.append(Tuile("s" if valeur is None else valeur, libelle, url, detail))
    return faites


def _capitale(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


def evolution(valeur: int, avant: int | None, depuis: str) -> str:
    """« +1,2 % depuis le 30 sept. 2026 » ; en nombre quand la base est nulle, vide quand elle est masquée."""
    if avant is None:
        return ""
    ecart = valeur - avant
    if ecart == 0:
        return f"sans changement {depuis}"
    part = pourcentage(abs(ecart), avant)
    signe = "+" if ecart > 0 else "−"
    return f"{signe}{nombre(abs(ecart)) if part is None else pourcent(part, 1)} {depuis}"
