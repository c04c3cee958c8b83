"""Le référencement : qui a un référent, qui n'en a pas, et la liste derrière chaque nombre (F045, R42)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from jalon.accompagnements.models import DesignationCorrespondant, DesignationReferent
from jalon.agents.perimetre import Perimetre
from jalon.observatoire.referencement import (
    AVEC_REFERENT,
    EN_COURS,
    ETATS,
    INDICATEURS,
    NOUVELLE,
    SANS_REFERENT,
    Ligne,
    avec_etat,
    compter,
    du_public,
    ensemble,
    libelle_etat,
    lignes,
    objectif,
    population,
    presents_depuis_longtemps,
    publics,
)
from jalon.organismes.models import Organisme, Territoire
from jalon.orientations.models import DecisionOrientation, Sphere
from jalon.personnes.models import Personne, Sexe
from jalon.personnes.selectors import filtre_perimetre, personnes_du_perimetre
from jalon.referentiels.parametres import mot
from jalon.web.accompagnements.forms import lire_date
from jalon.web.socle.acces import exige

PAR_PAGE = 50
TONS = {NOUVELLE: "bleu", SANS_REFERENT: "rouge", EN_COURS: "ambre", AVEC_REFERENT: "vert"}
ICONES = {NOUVELLE: "user-plus", SANS_REFERENT: "alert-triangle", EN_COURS: "hourglass", AVEC_REFERENT: "user-check"}
ANCIENNES = "anciennes"
PROFESSIONNEL = "professionnel"


@require_safe
@exige("charge.consulter")
def referencement(request: HttpRequest) -> HttpResponse:
    """Les quatre états du référencement, par public, par territoire et par service ; I07, I08 et I18."""
    perimetre: Perimetre = request.perimetre
    jour = _jour(request)
    personnes = _population(perimetre, jour)
    comptes = compter(personnes, jour)
    tout = ensemble(comptes)
    territoires = [
        (t.pk, t.code, t.libelle) if t is not None else (None, "aucun", "Sans territoire")
        for t in _territoires(perimetre)
    ]
    ages = [(code, code, libelle) for code, libelle in publics() if code not in ("femmes", "hommes")]
    sexes = [(Sexe.FEMME.value, "femmes", "Femmes"), (Sexe.HOMME.value, "hommes", "Hommes")]
    vise = objectif(jour)
    contexte = {
        "jour": jour,
        "passe": jour != timezone.localdate(),
        "total": tout.total,
        "tuiles": [
            {
                "libelle": libelle_etat(etat), "valeur": tout.effectifs[etat], "ton": TONS[etat],
                "icone": ICONES[etat], "url": _adresse(jour, etat=etat) if tout.effectifs[etat] else "",
            }
            for etat in ETATS
        ],
        "etats": [(etat, libelle_etat(etat)) for etat in ETATS],
        "tableaux": [
            ("Par public", "Public", _table(lignes(comptes, "tranche", ages) + lignes(comptes, "sexe", sexes), jour, "public")),
            (
                f"Par {mot('territoire').singulier}", capfirst(mot("territoire").singulier),
                _table(lignes(comptes, "territoire", territoires), jour, "territoire"),
            ),
        ],
        "services": _services(personnes, jour),
        "indicateurs": [
            {"indicateur": i, "valeurs": _valeurs(code, i.calcul(jour, personnes), jour)} for code, i in INDICATEURS.items()
        ],
        "objectif": vise,
    }  # fmt: skip
    return render(request, "accompagnements/referencement.html", contexte)


def _jour(request: HttpRequest) -> Any:
    """La date demandée, jamais à venir."""
    aujourdhui = timezone.localdate()
    voulu = lire_date(request.GET.get("date", ""))
    return voulu if voulu is not None and voulu <= aujourdhui else aujourdhui


def _population(perimetre: Perimetre, jour: Any) -> QuerySet[Personne]:
    return population(jour).filter(filtre_perimetre(perimetre))


def _territoires(perimetre: Perimetre) -> list[Territoire | None]:
    feuilles = Territoire.objects.feuilles().order_by("ordre", "libelle", "pk")
    if perimetre.tout:
        return [*feuilles, None]
    return list(feuilles.filter(pk__in=perimetre.territoires))


def _adresse(jour: Any, **filtres: str) -> str:
    valeurs = {cle: valeur for cle, valeur in filtres.items() if valeur}
    if jour != timezone.localdate():
        valeurs["date"] = jour.isoformat()
    return f"{reverse('referencement_liste')}?{urlencode(valeurs)}"


def _table(rangees: list[Ligne], jour: Any, axe: str) -> list[dict[str, Any]]:
    return [
        {
            "libelle": rangee.libelle,
            "total": rangee.total,
            "taux": rangee.taux,
            "cases": [
                (rangee.effectifs[etat], _adresse(jour, etat=etat, **{axe: rangee.code}) if rangee.effectifs[etat] else "")
                for etat in ETATS
            ],
            "url": _adresse(jour, **{axe: rangee.code}) if rangee.total else "",
        }
        for rangee in rangees
        if rangee.total or axe == "public"
    ]  # fmt: skip


def _services(personnes: QuerySet[Personne], jour: Any) -> list[dict[str, Any]]:
    """Par organisme : personnes qui y ont un référent, et personnes qui lui sont confiées sans qu'il l'ait nommé."""
    etats = avec_etat(personnes, jour)
    avec = dict(
        DesignationReferent.objects.filter(
            personne__in=etats.filter(etat_referencement=AVEC_REFERENT).values("pk"), periode__contains=jour
        )
        .order_by()
        .values("organisme_id")
        .annotate(n=Count("personne", distinct=True))
        .values_list("organisme_id", "n")
    )
    attend = dict(
        DecisionOrientation.objects.filter(
            personne__in=etats.filter(etat_referencement=EN_COURS).values("pk"), periode__contains=jour
        )
        .order_by()
        .values("organisme_id")
        .annotate(n=Count("personne", distinct=True))
        .values_list("organisme_id", "n")
    )
    organismes = Organisme.objects.filter(pk__in={*avec, *attend}).order_by("libelle", "pk")
    return [
        {
            "libelle": o.libelle,
            "avec": avec.get(o.pk, 0),
            "avec_url": _adresse(jour, etat=AVEC_REFERENT, organisme=str(o.public_id)),
            "attend": attend.get(o.pk, 0),
            "attend_url": _adresse(jour, etat=EN_COURS, organisme=str(o.public_id)),
        }
        for o in organismes
    ]


def _valeurs(code: str, valeurs: list[dict[str, Any]], jour: Any) -> list[dict[str, Any]]:
    """Chaque valeur, avec l'adresse de son numérateur et de son dénominateur."""
    filtres: dict[tuple[str, str], tuple[dict[str, str], dict[str, str]]] = {
        ("I07", "D"): ({"etat": AVEC_REFERENT}, {}),
        ("I07", "D'"): ({"etat": AVEC_REFERENT, "presence": ANCIENNES}, {"presence": ANCIENNES}),
        ("I08", "D"): ({"etat": AVEC_REFERENT, "referent": PROFESSIONNEL}, {}),
        ("I08", "D référencées"): ({"etat": AVEC_REFERENT, "referent": PROFESSIONNEL}, {"etat": AVEC_REFERENT}),
    }
    rendues = []
    for valeur in valeurs:
        haut, bas = filtres.get((code, valeur["code"]), (None, None))
        rendues.append(
            {
                **valeur,
                "haut_url": _adresse(jour, **haut) if haut is not None else "",
                "bas_url": _adresse(jour, **bas) if bas is not None else "",
            }
        )
    return rendues


@require_safe
@exige("charge.consulter", "dossier.consulter")
def referencement_liste(request: HttpRequest) -> HttpResponse:
    """Les personnes derrière un nombre du tableau de bord."""
    perimetre: Perimetre = request.perimetre
    jour = _jour(request)
    personnes: QuerySet[Any] = _population(perimetre, jour)
    titres: list[str] = []
    etat = request.GET.get("etat", "")
    if etat in ETATS:
        personnes = avec_etat(personnes, jour).filter(etat_referencement=etat)
        titres.append(libelle_etat(etat))
    public = dict(publics()).get(request.GET.get("public", ""))
    if public is not None:
        personnes = du_public(personnes, request.GET["public"], jour)
        titres.append(public)
    code = request.GET.get("territoire", "")
    if code == "aucun":
        personnes = personnes.filter(territoire=None)
        titres.append("Sans territoire")
    elif code:
        territoire = Territoire.objects.filter(code=code).first()
        if territoire is None:
            raise Http404
        personnes = personnes.filter(territoire=territoire)
        titres.append(territoire.libelle)
    personnes, libelle = _du_service(personnes, request.GET.get("organisme", ""), etat, jour)
    titres += [libelle] if libelle else []
    if request.GET.get("presence") == ANCIENNES:
        personnes = personnes.filter(presents_depuis_longtemps(jour))
        titres.append("présentes depuis plus de 3 mois et 1 jour")
    if request.GET.get("referent") == PROFESSIONNEL:
        pro = DecisionOrientation.objects.filter(
            periode__contains=jour, type__sphere__in=[Sphere.PROFESSIONNELLE, Sphere.SOCIOPROFESSIONNELLE]
        )
        personnes = personnes.filter(pk__in=pro.order_by().values("personne"))
        titres.append("orientation professionnelle")
    page = Paginator(personnes.select_related("territoire").order_by("nom", "prenom", "pk"), PAR_PAGE).get_page(
        request.GET.get("page")
    )
    cles = [personne.pk for personne in page.object_list]
    referents = {
        d.personne_id: d
        for d in DesignationReferent.objects.filter(personne__in=cles, periode__contains=jour)
        .select_related("agent", "organisme")
        .order_by("pk")
    }
    decisions = {
        d.personne_id: d
        for d in DecisionOrientation.objects.filter(personne__in=cles, periode__contains=jour)
        .select_related("type", "organisme")
        .order_by("pk")
    }
    contexte = {
        "jour": jour,
        "page": page,
        "rangees": [(p, referents.get(p.pk), decisions.get(p.pk)) for p in page.object_list],
        "titres": titres,
        "retour": reverse("referencement"),
    }
    return render(request, "accompagnements/referencement_liste.html", contexte)


def _du_service(personnes: QuerySet[Any], identifiant: str, etat: str, jour: Any) -> tuple[QuerySet[Any], str]:
    if not identifiant:
        return personnes, ""
    organisme = Organisme.objects.filter(public_id=identifiant).first() if _est_uuid(identifiant) else None
    if organisme is None:
        raise Http404
    modele: Any = DecisionOrientation if etat == EN_COURS else DesignationReferent
    cles = modele.objects.filter(organisme=organisme, periode__contains=jour).order_by().values("personne")
    return personnes.filter(pk__in=cles), organisme.libelle


def _est_uuid(texte: str) -> bool:
    try:
        UUID(texte)
    except ValueError:
        return False
    return True


@require_safe
@exige("charge.consulter")
def correspondants(request: HttpRequest) -> HttpResponse:
    """Les correspondants et le nombre de personnes de chacun ; l'un d'eux ouvre sa liste."""
    perimetre: Perimetre = request.perimetre
    jour = timezone.localdate()
    en_cours = DesignationCorrespondant.objects.filter(
        filtre_perimetre(perimetre, "personne__"), periode__contains=jour, personne__fusionnee_dans=None
    )
    nombres = list(
        en_cours.order_by("agent__nom", "agent__prenom", "agent_id")
        .values("agent__public_id", "agent__prenom", "agent__nom", "agent__telephone", "agent__email")
        .annotate(nombre=Count("personne", distinct=True))
    )
    choisi = request.GET.get("agent", "")
    designations = en_cours.filter(agent__public_id=choisi) if _est_uuid(choisi) else en_cours.none()
    page = Paginator(
        designations.select_related("personne__territoire", "agent").order_by(
            "personne__nom", "personne__prenom", "pk"
        ),
        PAR_PAGE,
    ).get_page(request.GET.get("page"))
    contexte = {
        "nombres": nombres,
        "page": page,
        "choisi": next((n for n in nombres if str(n["agent__public_id"]) == choisi), None),
        "sans": personnes_du_perimetre(perimetre)
        .filter(pk__in=population(jour).values("pk"))
        .exclude(pk__in=en_cours.order_by().values("personne"))
        .count(),
    }
    return render(request, "accompagnements/correspondants.html", contexte)
