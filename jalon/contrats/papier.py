"""Le texte exact d'un contrat : ce qui se signe, en PDF lisible par tous, un à un ou en nombre (D01-D06, F047, F048).

Le PDF dit tout ce qui a été écrit et par qui, les engagements de part et d'autre, qui joindre, les droits et les délais.
Une fois proposé à la signature il ne change plus ; les signatures portent sur son empreinte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from django.db.models import Prefetch, QuerySet

from jalon.accompagnements.models import DesignationCorrespondant, DesignationReferent
from jalon.agents.models import Agent
from jalon.contrats.enums import EtatObjectif, QuiFait
from jalon.contrats.models import (
    ChampContrat,
    ChoixChamp,
    Contrat,
    Etape,
    Moyen,
    Objectif,
    SectionContrat,
    ValeurChamp,
)
from jalon.contrats.redaction import en_texte, saisie_de
from jalon.documents.caracteres import imprimable
from jalon.documents.composition import Composeur
from jalon.documents.ecriture import date_en_lettres, mois_en_lettres
from jalon.documents.pdf import rendre_lettre
from jalon.referentiels.parametres import mot, nombre
from jalon.socle.textes import nom_propre

GABARIT: Final = "contrat"
NATURE: Final = "contrat"
NATURE_PAPIER: Final = "contrat-signe"
QUI: Final = {
    QuiFait.PERSONNE.value: "Vous",
    QuiFait.REFERENT.value: "Votre référent",
    QuiFait.ORGANISME.value: "Un organisme",
    QuiFait.ENSEMBLE.value: "Ensemble",
}
DE_LA_PERSONNE: Final = frozenset({QuiFait.PERSONNE, QuiFait.ENSEMBLE})
DU_SERVICE: Final = frozenset({QuiFait.REFERENT, QuiFait.ORGANISME, QuiFait.ENSEMBLE})


@dataclass(frozen=True)
class Feuille:
    """Un contrat prêt à être mis en page."""

    contrat: Contrat
    debut: date
    duree: int
    charge: dict[str, Any]

    @property
    def titre(self) -> str:
        return str(self.charge["objet"])


def pour_papier(contrats: QuerySet[Contrat]) -> QuerySet[Contrat]:
    """Le plan de lecture d'un contrat à imprimer : le même nombre de requêtes pour un et pour mille."""
    moyens = Prefetch("moyens", Moyen.objects.order_by("rang", "pk"))
    etapes = Prefetch("etapes", Etape.objects.order_by("rang", "pk").prefetch_related(moyens))
    return contrats.select_related(
        "personne", "type__circuit", "version", "organisme", "referent", "territoire"
    ).prefetch_related(
        Prefetch("valeurs", ValeurChamp.objects.select_related("ecrit_par").order_by("pk")),
        Prefetch("objectifs", Objectif.objects.select_related("theme").order_by("rang", "pk").prefetch_related(etapes)),
        Prefetch(
            "personne__designations_correspondant",
            DesignationCorrespondant.objects.filter(periode__endswith=None, periode__isempty=False)
            .select_related("agent")
            .order_by("-pk"),
        ),
        Prefetch(
            "personne__designations_referent",
            DesignationReferent.objects.filter(periode__endswith=None, periode__isempty=False).order_by("-pk"),
        ),
    )


class Papeterie:
    """Met des contrats en feuilles ; les rubriques de chaque rédaction sont lues une seule fois."""

    def __init__(self, jour: date) -> None:
        self.jour = jour
        self._sections: dict[int, list[SectionContrat]] = {}

    @cached_property
    def papier(self) -> dict[str, Any]:
        return {**Composeur().papier, "gabarit": GABARIT}

    def feuille(self, contrat: Contrat, *, debut: date, duree: int, bandeau: str = "") -> Feuille:
        """Tout ce que dit le contrat, prêt à imprimer. Le contrat a été lu par `pour_papier`."""
        personne = contrat.personne
        nom = f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}"
        fin = debut + relativedelta(months=duree, days=-1)
        plan = [o for o in contrat.objectifs.all() if o.etat != EtatObjectif.ABANDONNE]
        reference = str(contrat.public_id)[:8].upper()
        charge = {
            "objet": f"{contrat.type.libelle} de {nom}",
            "bandeau": bandeau,
            "titre": contrat.type.libelle,
            "sous_titre": contrat.type.description,
            "pied": f"{contrat.type.libelle} · {nom} · contrat {reference} · du {date_en_lettres(self.jour)}",
            "identite": [
                ["Entre", f"{nom}, né(e) le {personne.date_naissance:%d/%m/%Y}" if personne.date_naissance else nom],
                ["Et", contrat.organisme.libelle],
                [_capitale("referent"), self._referent(contrat) or "à nommer"],
                ["Du", date_en_lettres(debut)],
                ["Au", f"{date_en_lettres(fin)} inclus ({mois_en_lettres(duree)})"],
            ],
            "sections": [self._section(section, contrat) for section in self._de(contrat)],
            "objectifs": [_objectif(o) for o in plan],
            "engagements": _engagements(plan),
            "contacts": self._contacts(contrat),
            "droits": self._droits(contrat),
            "signatures": [
                {"qui": "La personne", "nom": nom},
                {"qui": _capitale("referent"), "nom": self._referent(contrat)},
            ],
        }
        return Feuille(contrat, debut, duree, _imprimables(charge))

    def manque(self, contrat: Contrat) -> bool:
        """Quelque chose de dû n'est peut-être pas écrit : `exiger_complet` dira quoi. Sans autre requête."""
        ecrites = {v.champ_id for v in contrat.valeurs.all() if not saisie_de(v).vide}
        dues = {c.pk for section in self._de(contrat) for c in section.champs.all() if c.obligatoire}
        objectifs = [o for o in contrat.objectifs.all() if o.etat != EtatObjectif.ABANDONNE]
        duree = contrat.duree or contrat.type.duree_habituelle
        hors_bornes = not contrat.type.duree_minimum <= duree <= contrat.type.duree_maximum
        return bool(dues - ecrites) or not objectifs or hors_bornes or any(not o.etapes.all() for o in objectifs)

    def rendre(self, feuille: Feuille) -> bytes:
        """Le PDF normé d'un seul contrat."""
        return rendre_lettre(self.papier, feuille.charge)

    def _de(self, contrat: Contrat) -> list[SectionContrat]:
        version = contrat.version_id
        if version is None:
            return []
        if version not in self._sections:
            champs = ChampContrat.objects.order_by("rang").prefetch_related(
                Prefetch("choix", ChoixChamp.objects.order_by("rang"))
            )
            self._sections[version] = list(
                SectionContrat.objects.filter(version_id=version)
                .order_by("rang")
                .prefetch_related(Prefetch("champs", champs))
            )
        return self._sections[version]

    def _section(self, section: SectionContrat, contrat: Contrat) -> dict[str, Any]:
        valeurs = {v.champ_id: v for v in contrat.valeurs.all()}
        rubriques = []
        for champ in section.champs.all():
            valeur = valeurs.get(champ.pk)
            texte = en_texte(champ, saisie_de(valeur)) if valeur is not None else ""
            if valeur is None or not texte:
                rubriques.append({"question": champ.libelle, "reponse": ["Rien n'est écrit ici."], "auteur": ""})
                continue
            lignes = [ligne.strip() for ligne in texte.splitlines() if ligne.strip()]
            rubriques.append({"question": champ.libelle, "reponse": lignes, "auteur": _auteur(valeur)})
        return {"titre": section.titre, "rubriques": rubriques}

    def _referent(self, contrat: Contrat) -> str:
        return str(contrat.referent) if contrat.referent is not None else contrat.referent_externe

    def _contacts(self, contrat: Contrat) -> list[str]:
        referent, organisme = mot("referent").singulier, contrat.organisme
        lignes = []
        if contrat.referent is not None:
            lignes.append(_ligne(f"Votre {referent}, {contrat.referent}", _joindre(contrat.referent)))
        elif contrat.referent_externe:
            designation = next(iter(contrat.personne.designations_referent.all()), None)
            lignes.append(
                _ligne(
                    f"Votre {referent}, {contrat.referent_externe}", designation.contact_externe if designation else ""
                )
            )
        lignes.append(_ligne(organisme.libelle, " ou ".join(filter(None, (organisme.telephone, organisme.courriel)))))
        for designation_correspondant in contrat.personne.designations_correspondant.all()[:1]:
            agent = designation_correspondant.agent
            lignes.append(_ligne(f"Votre {mot('correspondant').singulier} au Département, {agent}", _joindre(agent)))
        return lignes

    def _droits(self, contrat: Contrat) -> list[str]:
        """En mots simples : ce que la personne peut demander, et le délai que le service se donne (R49)."""
        delai = mois_en_lettres(int(nombre(contrat.type.delai_validation, self.jour)))
        recours = mois_en_lettres(int(nombre("recours.delai", self.jour)))
        lignes = [
            "Vous signez si vous êtes d'accord. Vous pouvez demander à relire, à corriger, ou à réfléchir.",
            f"Une fois signé par les deux, le service a {delai} pour valider ce contrat.",
            "Vous gardez un exemplaire. Vous pouvez lire votre dossier et faire corriger ce qui est faux.",
            "Votre situation change ? Ce contrat peut être revu à tout moment : appelez votre référent.",
            f"Une décision ne vous convient pas ? Vous avez {recours} pour la contester ; la lettre dit comment.",
        ]
        if contrat.type.offres_raisonnables:
            maximum = int(nombre("emploi.offres_raisonnables_refusees_max", self.jour))
            lignes.append(
                f"Vous pouvez refuser une offre d'emploi en disant pourquoi. Au-delà de {maximum} offres raisonnables "
                "refusées sans motif légitime, vous serez d'abord entendu avant toute décision."
            )
        return lignes


def _auteur(valeur: ValeurChamp) -> str:
    jour = f"{valeur.ecrit_le:%d/%m/%Y}"
    if not valeur.par_la_personne:
        return f"Écrit par {valeur.ecrit_par}, le {jour}"
    if valeur.ecrit_par is None:
        return f"Écrit par la personne elle-même, le {jour}"
    return f"Les mots de la personne, notés par {valeur.ecrit_par}, le {jour}"


def _objectif(objectif: Objectif) -> dict[str, Any]:
    details = [objectif.theme.libelle] if objectif.theme is not None else []
    if objectif.echeance is not None:
        details.append(f"pour le {date_en_lettres(objectif.echeance)}")
    if objectif.par_la_personne:
        details.append("proposé par la personne")
    return {
        "titre": objectif.intitule,
        "detail": ", ".join(details),
        "rangees": [
            [
                etape.intitule, _qui(etape), f"{etape.echeance:%d/%m/%Y}" if etape.echeance else "",
                " ; ".join(f"{m.intitule} ({_qui(m).lower()})" for m in etape.moyens.all()),
            ]
            for etape in objectif.etapes.all()
            if etape.etat != EtatObjectif.ABANDONNE
        ],
    }  # fmt: skip


def _qui(element: Etape | Moyen) -> str:
    qui = QUI[element.qui]
    return f"{qui} : {element.precision}" if element.precision else qui


def _engagements(plan: Sequence[Objectif]) -> list[dict[str, Any]]:
    """Ce que chacun fait, repris des étapes et des moyens : le service s'engage autant que la personne (R47)."""
    pas: list[Etape | Moyen] = []
    for objectif in plan:
        for etape in objectif.etapes.all():
            if etape.etat != EtatObjectif.ABANDONNE:
                pas += [etape, *etape.moyens.all()]
    colonnes = (
        ("Ce à quoi la personne s'engage", DE_LA_PERSONNE),
        (f"Ce à quoi le service et le {mot('referent').singulier} s'engagent", DU_SERVICE),
    )
    return [
        {"titre": titre, "elements": [_engagement(e) for e in pas if e.qui in qui] or ["Rien n'est écrit ici."]}
        for titre, qui in colonnes
    ]


def _engagement(element: Etape | Moyen) -> str:
    texte = f"{element.intitule} ({element.precision})" if element.precision else element.intitule
    return f"{texte}, avant le {date_en_lettres(element.echeance)}" if element.echeance else texte


def _joindre(agent: Agent) -> str:
    return " ou ".join(filter(None, (agent.telephone, agent.email)))


def _ligne(qui: str, comment: str) -> str:
    return f"{qui} : {comment}" if comment else qui


def _capitale(cle: str) -> str:
    texte = mot(cle).singulier
    return texte[:1].upper() + texte[1:]


def _imprimables(valeur: Any) -> Any:
    """Tout texte venu du dehors, ramené aux signes que la police connaît."""
    if isinstance(valeur, str):
        return imprimable(valeur)
    if isinstance(valeur, dict):
        return {cle: _imprimables(element) for cle, element in valeur.items()}
    return [_imprimables(element) for element in valeur]
