"""Menu de gauche, rangé par moment de travail ; une entrée ne paraît que si l'agent en a le droit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from jalon.agents.perimetre import Perimetre
from jalon.echanges.models import Quarantaine
from jalon.orientations.models import AttenteOrientation
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.personnes.models import EtatTache
from jalon.personnes.rapprochements import rapprochements_a_examiner, taches
from jalon.referentiels.parametres import mot


@dataclass(frozen=True, slots=True)
class Entree:
    """Une porte du menu : `mot` nomme le libellé du département qui remplace `texte` ; `court` va sur un téléphone."""

    nom: str
    texte: str
    icone: str
    droit: str = ""
    mot: str = ""
    mobile: bool = False
    court: str = ""
    ou: tuple[str, ...] = ()
    """Autres droits qui ouvrent la même porte."""


MOMENTS: tuple[tuple[str, tuple[Entree, ...]], ...] = (
    (
        "",
        (
            Entree("accueil", "Aujourd’hui", "home", mobile=True),
            Entree("recherche", "Rechercher", "search", "dossier.rechercher", mobile=True),
            Entree("taches", "Tâches", "checklist", "taches.traiter", mobile=True),
            Entree("portefeuille", "", "briefcase", "portefeuille.consulter", "portefeuille", mobile=True),
            Entree("agenda", "Agenda", "calendar-week", "agenda.gerer"),
        ),
    ),
    (
        "Service",
        (
            Entree("instructions", "", "file-text", "instruction.saisir", "instruction"),
            Entree("sites_instruction", "Lieux d’instruction", "building-community", "instruction.saisir"),
            Entree(
                "file_orientation",
                "",
                "route",
                "file_orientation.consulter",
                "file_orientation",
                mobile=True,
                court="File",
            ),
            Entree(
                "reorientations",
                "Réorientations",
                "arrows-left-right",
                "reorientation.demander",
                ou=("reorientation.examiner",),
            ),
            Entree("criteres_simulation", "Critères", "adjustments", "orientation.simuler"),
            Entree("campagnes", "", "users-group", "campagnes.gerer", "campagne"),
            Entree("reunions", "Réunions", "calendar-event", "reunions.consulter"),
            Entree(
                "seances", "Équipes et séances", "gavel", "seances.sieger", ou=("seances.preparer", "seances.presider")
            ),
            Entree("manquements", "Manquements", "alert-circle", "manquements.consulter"),
            Entree("contrats", "Contrats", "file-text", "contrats.consulter"),
            Entree("echeances", "Échéances des contrats", "calendar-due", "contrats.consulter"),
            Entree("contrats_delais", "Délais des contrats", "hourglass", "contrats.consulter"),
            Entree("contrats_lectures", "", "users-group", "contrat.recevoir", "comite_lecture"),
            Entree("notifications", "", "mail", "notification.produire", "notification_orientation"),
            Entree("charge", "Charge des référents", "scale", "charge.consulter"),
            Entree("doublons", "Doublons", "users", "doublons.traiter"),
        ),
    ),
    (
        "Pilotage",
        (
            Entree("tableaux", "Tableaux de bord", "chart-bar", "tableaux.consulter"),
            Entree("referencement", "Référencement", "user-check", "charge.consulter"),
            Entree("chiffres_grilles", "Grilles et freins", "stairs-up", "tableaux.consulter"),
            Entree("besoins", "Besoins des contrats", "heart-handshake", "tableaux.consulter"),
            Entree("imports", "Imports CAF/MSA", "database-import", "flux.consulter"),
            Entree("quarantaine", "Quarantaine", "alert-triangle", "quarantaine.traiter"),
            Entree("courriers", "Courriers", "file-pencil", "courriers.gerer"),
            Entree("territoires", "Territoires", "map-pin", "territoires.consulter"),
            Entree("agents", "Agents", "id-badge-2", "agents.consulter"),
            Entree("installation", "Installation", "settings", "installation.consulter"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Porte:
    """Une entrée prête à l'affichage."""

    texte: str
    icone: str
    url: str
    compteur: int | None
    courante: bool
    mobile: bool
    court: str


def url_ou_rien(nom: str) -> str:
    """Adresse d'un écran ; vide s'il n'existe pas dans cette installation."""
    try:
        return reverse(nom)
    except NoReverseMatch:
        return ""


def menu(request: HttpRequest) -> list[tuple[str, list[Porte]]]:
    """Moments de travail et leurs portes, compteurs compris (une requête au plus)."""
    perimetre: Perimetre = request.perimetre  # type: ignore[attr-defined]
    nombres = compteurs(request)
    courante = _adresse_courante(request)
    moments = []
    for titre, entrees in MOMENTS:
        portes = [
            Porte(
                texte, entree.icone, url, nombres.get(entree.nom), url == courante, entree.mobile, entree.court or texte
            )
            for entree in entrees
            if (url := url_ou_rien(entree.nom))
            and (texte := _texte(entree))
            and (not entree.droit or any(perimetre.peut(droit) for droit in (entree.droit, *entree.ou)))
        ]
        if portes:
            moments.append((titre, portes))
    return moments


def compteurs(request: HttpRequest) -> Mapping[str, int]:
    """Ce qui attend l'agent derrière chaque porte : lu une fois par requête, l'accueil s'en sert aussi.

    Une page d'erreur s'affiche parfois dans une transaction condamnée : elle se passe de compteurs.
    """
    if not hasattr(request, "compteurs"):
        perimetre: Perimetre = request.perimetre  # type: ignore[attr-defined]
        lisible = perimetre.agent is not None and not connection.needs_rollback
        request.compteurs = _compteurs_recents(perimetre) if lisible else {}  # type: ignore[attr-defined]
    return request.compteurs  # type: ignore[attr-defined,no-any-return]


def _compteurs_recents(perimetre: Perimetre) -> Mapping[str, int]:
    """Les compteurs d'il y a quelques secondes suffisent : les recompter à chaque page coûterait plus que la page."""
    if not settings.DUREE_COMPTEURS:
        return _compter(perimetre)
    cle = f"menu:{perimetre.agent.pk if perimetre.agent else 0}:{hash(perimetre)}"
    connus: Mapping[str, int] | None = cache.get(cle)
    if connus is None:
        connus = _compter(perimetre)
        cache.set(cle, connus, settings.DUREE_COMPTEURS)
    return connus


def _compter(perimetre: Perimetre) -> Mapping[str, int]:
    """Une seule requête pour tous les compteurs, limitée au périmètre."""
    attendent: dict[str, QuerySet[Any]] = {}
    if perimetre.peut("file_orientation.consulter"):
        attendent["file_orientation"] = (
            AttenteOrientationQuerySet(AttenteOrientation).en_cours().du_perimetre(perimetre)
        )
    if perimetre.peut("taches.traiter"):
        attendent["taches"] = taches(perimetre).filter(etat=EtatTache.A_FAIRE)
    if perimetre.peut("doublons.traiter"):
        attendent["doublons"] = rapprochements_a_examiner(perimetre)
    if perimetre.peut("quarantaine.traiter"):
        attendent["quarantaine"] = Quarantaine.objects.filter(etat=Quarantaine.Etat.A_TRAITER)
    parts = [
        liste.order_by()
        .annotate(porte=Value(nom))
        .values("porte")
        .annotate(nombre=Count("pk"))
        .values_list("porte", "nombre")
        for nom, liste in attendent.items()
    ]
    if not parts:
        return {}
    return dict.fromkeys(attendent, 0) | dict(parts[0].union(*parts[1:], all=True))


def _texte(entree: Entree) -> str:
    if not entree.mot:
        return entree.texte
    libelle = mot(entree.mot).singulier
    return libelle[:1].upper() + libelle[1:]


def _adresse_courante(request: HttpRequest) -> str:
    """Adresse de la porte sous laquelle se range la page : la plus longue qui commence comme elle."""
    candidates = [url_ou_rien(entree.nom) for _, entrees in MOMENTS for entree in entrees]
    retenues = [
        url for url in candidates if url and (url == request.path or (url != "/" and request.path.startswith(url)))
    ]
    return max(retenues, key=len, default="")
