"""Préparer une séance, la convoquer, l'ouvrir, la clore, et lire ses papiers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jalon.instances.acces import (
    PREPARER,
    PRESIDER,
    acceder_dossier_seance,
    acceder_seance,
    conduit,
    dossiers_ouverts,
    dossiers_retires,
    lit_le_pv,
    siege_de,
    tient_instance,
)
from jalon.instances.cloture import clore_seance, defaut_de_quorum, lever_seance
from jalon.instances.composition import membres_en_cours
from jalon.instances.models import (
    DossierSeance,
    EtatDossierSeance,
    EtatPresence,
    EtatSeance,
    MembreInstance,
    NatureInstance,
    PresenceSeance,
    Seance,
)
from jalon.instances.ordre_du_jour import (
    MAXIMUM,
    inscrire_dossiers,
    ranger_dossiers,
    remplir_ordre_du_jour,
    retirer_dossier,
)
from jalon.instances.papiers import calendrier_ics, convocations_pdf, lire_papier
from jalon.instances.quorum import calculer_quorum, compte, occupant, presences, qualites_du_type
from jalon.instances.seances import (
    annuler_seance,
    convoquer_membres,
    modifier_seance,
    noter_presence,
    ouvrir_seance,
    passer_presidence,
)
from jalon.instances.selectors import (
    avancement,
    bilan,
    d_une_issue,
    decisions_a_suivre,
    demandes_a_examiner,
    lire_ordre_du_jour,
    points_de,
)
from jalon.instances.workflows import SEANCE
from jalon.socle.errors import JalonError
from jalon.web.orientations.actes import tenter
from jalon.web.seances import saisines
from jalon.web.seances.forms import PassagesForm, PointForm, SeanceForm, premiere_erreur
from jalon.web.seances.inscription import EcranInscription
from jalon.web.socle.acces import exige
from jalon.web.socle.menu import url_ou_rien
from jalon.web.templatetags.jalon import accorde

REMPLIR_PAR_DEFAUT = 80
MINUTES_PAR_PERSONNE = 20


@require_GET
def seance(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Où en est la séance, et ce qu'il y a à faire maintenant."""
    return _page(request, acceder_seance(request.perimetre, public_id))


def _page(
    request: HttpRequest, trouvee: Seance, *, formulaire: SeanceForm | None = None, statut: int = 200
) -> HttpResponse:
    perimetre = request.perimetre
    lues, qualites = presences(trouvee), qualites_du_type(trouvee)
    dossiers = lire_ordre_du_jour(dossiers_ouverts(perimetre, trouvee))
    tenue = tient_instance(perimetre, trouvee.instance)
    prepare = tenue and perimetre.peut(PREPARER)
    membres = membres_en_cours(trouvee.instance, trouvee.date)
    suppleants: dict[int, list[MembreInstance]] = {}
    for membre in membres:
        if membre.supplee_id is not None:
            suppleants.setdefault(membre.supplee_id, []).append(membre)
    a_examiner = next((d for d in dossiers if d.etat == EtatDossierSeance.INSCRIT), None)
    contexte: dict[str, Any] = {
        "seance": trouvee,
        "jour": timezone.localdate(),
        "actes": {acte for acte, etats in SEANCE.items() if trouvee.etat in etats},
        "dossiers": dossiers,
        "retires": list(dossiers_retires(perimetre, trouvee)),
        "vivants": [d for d in dossiers if d.etat in (EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE)],
        "avancement": avancement(dossiers),
        "bilan": bilan(dossiers),
        "issue": request.GET.get("issue", ""),
        "montres": d_une_issue(dossiers, request.GET.get("issue", "")),
        "feuille": [(presence, suppleants.get(presence.membre_id, [])) for presence in lues],
        "etats_presence": [EtatPresence.PRESENT, EtatPresence.EXCUSE, EtatPresence.ABSENT],
        "presidents": [m for m in membres if m.qualite.preside],
        "siege_president": trouvee.president.siege_id if trouvee.president is not None else None,
        "autres_presidents": _autres_presidents(trouvee, lues, membres),
        "membres": membres,
        "quorum": calculer_quorum(trouvee, lues, qualites),
        "tenue": tenue,
        "prepare": prepare,
        "conduit": conduit(perimetre, trouvee),
        "preside": tenue and perimetre.peut(PRESIDER),
        "lit_le_pv": lit_le_pv(perimetre, trouvee),
        "en_retard": trouvee.etat in SEANCE["consulter"] and trouvee.date < timezone.localdate(),
        "siege": siege_de(perimetre, trouvee.instance),
        "a_examiner": a_examiner or (dossiers[0] if dossiers else None),
        "formulaire": formulaire
        or SeanceForm(initial={"date": trouvee.date, "heure": trouvee.heure, "lieu": trouvee.lieu}),
        "notifications": url_ou_rien("notifications"),
        "nature": trouvee.instance.type.nature,
        **_propre_a_la_nature(trouvee, dossiers, prepare=prepare),
    }
    reponse = render(request, "seances/seance.html", contexte, status=statut)
    reponse["Cache-Control"] = "no-store"
    return reponse


def _autres_presidents(
    trouvee: Seance, lues: list[PresenceSeance], membres: list[MembreInstance]
) -> list[MembreInstance]:
    """À qui la présidence peut passer : un autre siège qui préside et qui est tenu, ou qui partage celui de la présidence."""
    siege = trouvee.president.siege_id if trouvee.president is not None else None
    tenus = {occupant(presence) for presence in lues if compte(presence)}
    return [
        membre
        for membre in membres
        if membre.qualite.preside
        and membre.pk != trouvee.president_id
        and (membre.pk in tenus or membre.siege_id == siege)
    ]


def _propre_a_la_nature(trouvee: Seance, dossiers: list[DossierSeance], *, prepare: bool) -> dict[str, Any]:
    """Ce que montre en plus une instance qui donne un avis (auditions) ou traite des points."""
    nature = trouvee.instance.type.nature
    entendre = [d for d in dossiers if nature == NatureInstance.AVIS and d.avis_rendu.manquement is not None]
    generale = nature == NatureInstance.GENERALE
    return {
        "a_entendre": [d for d in entendre if d.avis_rendu.manquement.demande_audition and d.passage_a is None],
        "passages": sorted((d for d in entendre if d.passage_a), key=lambda d: d.passage_a),
        "a_convoquer": [d for d in entendre if d.passage_a and d.convoquee_le is None],
        "passages_form": PassagesForm(initial={"premier": trouvee.heure, "minutes": MINUTES_PAR_PERSONNE}),
        "points": points_de(trouvee) if generale else [],
        "point_form": PointForm(seance=trouvee) if generale and prepare else None,
        "a_suivre": decisions_a_suivre(trouvee.instance, sauf=trouvee) if generale else [],
        "sans_courriel": [m for m in membres_en_cours(trouvee.instance, trouvee.date) if not m.courriel]
        if trouvee.convoquee_le and prepare
        else [],
    }


@require_POST
@exige(PREPARER)
def modifier(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change la date, l'heure ou le lieu."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)
    formulaire = SeanceForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return _page(request, trouvee, formulaire=formulaire, statut=422)
    lu = formulaire.cleaned_data

    def acte() -> str:
        modifier_seance(
            trouvee,
            acteur=request.user,
            perimetre=request.perimetre,
            jour=lu["date"],
            heure=lu["heure"],
            lieu=lu["lieu"],
        )
        return "La séance est déplacée."

    if not tenter(request, acte):
        return _page(request, trouvee, formulaire=formulaire, statut=422)
    return redirect("seance", public_id=public_id)


# --- Ordre du jour


@require_http_methods(["GET", "POST"])
@exige(PREPARER)
def inscrire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Qui attend sur ce territoire : filtrer, choisir, inscrire."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)
    if request.method == "POST" and trouvee.instance.type.nature == NatureInstance.AVIS:
        return saisines.inscrire(request, trouvee)
    if request.method == "POST":

        def acte() -> str:
            if request.POST.get("tout"):
                raise JalonError(
                    "On n'inscrit pas toute une file d'un coup : cochez les personnes, ou remplissez l'ordre du jour "
                    "jusqu'au nombre voulu."
                )
            # La file d'orientation nomme ses cases « choisies » : le même choix s'y confie ou s'y exporte.
            attentes = _identifiants(request, "attentes") + _identifiants(request, "choisies")
            demandes = _identifiants(request, "demandes")
            if not attentes and not demandes:
                raise JalonError("Aucune personne n'est cochée : cochez celles à inscrire, puis recommencez.")
            inscrits = inscrire_dossiers(
                trouvee, acteur=request.user, perimetre=request.perimetre, attentes=attentes, demandes=demandes
            )
            return _dire_inscrits(len(inscrits), len(attentes) + len(demandes) - len(inscrits))

        tenter(request, acte)
        return redirect(f"{reverse('seance_inscrire', args=[public_id])}?{request.POST.get('filtre', '')}")
    nature = trouvee.instance.type.nature
    if nature == NatureInstance.AVIS:
        return saisines.montrer(request, trouvee)
    if nature == NatureInstance.GENERALE:
        return redirect("seance", public_id=public_id)
    ecran = EcranInscription(request.perimetre, trouvee, request.GET)
    contexte = {
        "seance": trouvee,
        "ecran": ecran,
        "demandes": list(
            demandes_a_examiner(request.perimetre, trouvee)
            .select_related("personne", "type_souhaite", "demandee_par", "decision__type")
            .order_by("demandee_le", "pk")[:50]
        ),
        "inscrits": trouvee.dossiers.filter(
            etat__in=[EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE]
        ).count(),
        "ouverte": trouvee.etat in SEANCE["inscrire"],
        "jusqua": REMPLIR_PAR_DEFAUT,
        "maximum": MAXIMUM,
    }  # fmt: skip
    return render(request, "seances/inscrire.html", contexte)


@require_POST
@exige(PREPARER)
def remplir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """« Remplir l'ordre du jour » : les plus en retard d'abord, sous le filtre en place s'il y en a un."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)
    filtre = request.POST.get("filtre", "")

    def acte() -> str:
        jusqua = request.POST.get("jusqua", "")
        if not jusqua.isdigit():
            raise JalonError("Dites jusqu'à combien de dossiers remplir : un nombre entier.")
        ecran = EcranInscription.de_l_adresse(request.perimetre, trouvee, filtre)
        inscrits = remplir_ordre_du_jour(
            trouvee, acteur=request.user, perimetre=request.perimetre, jusqua=int(jusqua), attentes=ecran.file
        )
        return _dire_inscrits(len(inscrits))

    tenter(request, acte)
    if filtre:
        return redirect(f"{reverse('seance_inscrire', args=[public_id])}?{filtre}")
    return redirect("seance", public_id=public_id)


@require_POST
@exige(PREPARER)
def ranger(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Range l'ordre du jour, ou monte et descend un dossier."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)
    bouge = request.POST.get("monter") or request.POST.get("descendre")

    def acte() -> str:
        ranger_dossiers(
            trouvee, acteur=request.user, perimetre=request.perimetre, ordre=request.POST.get("ordre", ""),
            dossier=_uuid(bouge) if bouge else None, pas=-1 if "monter" in request.POST else 1,
        )  # fmt: skip
        return "L’ordre du jour est rangé."

    tenter(request, acte)
    ancre = f"#dossier-{bouge}" if bouge and _uuid(bouge) else "#ordre-du-jour"
    return redirect(f"{reverse('seance', args=[public_id])}{ancre}")


@require_POST
@exige(PREPARER)
def retirer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Retire un dossier de l'ordre du jour."""
    dossier = acceder_dossier_seance(request.perimetre, public_id)

    def acte() -> str:
        retirer_dossier(dossier, acteur=request.user, perimetre=request.perimetre, motif=request.POST.get("motif", ""))
        return "Le dossier est retiré de l’ordre du jour ; il attend toujours une séance."

    tenter(request, acte)
    return redirect(f"{reverse('seance', args=[dossier.seance.public_id])}#ordre-du-jour")


def _identifiants(request: HttpRequest, nom: str) -> list[UUID]:
    lus = (_uuid(valeur) for valeur in request.POST.getlist(nom))
    return [identifiant for identifiant in lus if identifiant is not None]


def _uuid(texte: str | None) -> UUID | None:
    try:
        validate_slug(texte)
        return UUID(texte)
    except (ValidationError, ValueError, TypeError):
        return None


def _dire_inscrits(nombre: int, ecartes: int = 0) -> str:
    texte = f"{nombre} dossiers inscrits à l’ordre du jour." if nombre > 1 else "Un dossier inscrit à l’ordre du jour."
    if ecartes:
        texte += f" {accorde(ecartes, 'personne laissée,personnes laissées')} de côté : déjà inscrites, ou d’un autre territoire."
    return texte


# --- Convoquer, ouvrir, clore


@require_POST
@exige(PREPARER)
def convoquer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Convoque les membres."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)

    def acte() -> str:
        convoquer_membres(
            trouvee, acteur=request.user, perimetre=request.perimetre,
            motif_urgence=request.POST.get("motif_urgence", ""),
            lien=request.build_absolute_uri(reverse("seance", args=[public_id])),
        )  # fmt: skip
        return "Les membres sont convoqués. Ils peuvent lire les dossiers jusqu’à la clôture."

    tenter(request, acte)
    return redirect("seance", public_id=public_id)


@require_POST
def presence(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note une présence sur la feuille d'émargement."""
    trouvee = acceder_seance(request.perimetre, public_id)

    def acte() -> str:
        membre = _membre(trouvee, request.POST.get("membre"))
        remplacant = request.POST.get("represente_par")
        noter_presence(
            trouvee, acteur=request.user, perimetre=request.perimetre, membre=membre,
            etat=EtatPresence.REPRESENTE if remplacant else request.POST.get("etat", ""),
            represente_par=_membre(trouvee, remplacant) if remplacant else None,
        )  # fmt: skip
        return f"Présence de {membre.nom} notée."

    tenter(request, acte)
    return redirect(f"{reverse('seance', args=[public_id])}#presences")


@require_POST
def ouvrir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ouvre la séance avec les présents cochés, et mène au premier dossier."""
    trouvee = acceder_seance(request.perimetre, public_id)

    def acte() -> str:
        ouvrir_seance(
            trouvee, acteur=request.user, perimetre=request.perimetre,
            president=_membre(trouvee, request.POST.get("president")),
            presents=[_membre(trouvee, cle).pk for cle in request.POST.getlist("presents")],
        )  # fmt: skip
        return "La séance est ouverte."

    tenter(request, acte)
    return redirect("seance", public_id=public_id)


@require_POST
def presidence(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Passe la présidence à un autre membre présent."""
    trouvee = acceder_seance(request.perimetre, public_id)

    def acte() -> str:
        president = _membre(trouvee, request.POST.get("president"))
        passer_presidence(trouvee, acteur=request.user, perimetre=request.perimetre, president=president)
        return f"{president.nom} préside maintenant."

    tenter(request, acte)
    return redirect(f"{reverse('seance', args=[public_id])}#presences")


def _membre(trouvee: Seance, cle: str | None) -> MembreInstance:
    membre = (
        MembreInstance.objects.filter(instance=trouvee.instance, public_id=_uuid(cle))
        .select_related("agent", "qualite")
        .first()
        if _uuid(cle)
        else None
    )
    if membre is None:
        raise JalonError("Choisissez un membre de cette instance.")
    return membre


@require_POST
@exige(PREPARER)
def annuler(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Annule la séance ; ses dossiers redeviennent libres."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)

    def acte() -> str:
        annuler_seance(trouvee, acteur=request.user, perimetre=request.perimetre, motif=request.POST.get("motif", ""))
        return "La séance est annulée ; ses dossiers sont de nouveau libres."

    tenter(request, acte)
    return redirect("seance", public_id=public_id)


@require_http_methods(["GET", "POST"])
@exige(PRESIDER)
def clore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Relire ce qui va s'appliquer, puis clore."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PRESIDER)
    if request.method == "POST":

        def acte() -> str:
            clore_seance(trouvee, acteur=request.user, perimetre=request.perimetre)
            return "La séance est close : ce qu’elle a retenu s’applique, le procès-verbal est figé."

        reussi = tenter(request, acte)
        return redirect("seance" if reussi else "seance_clore", public_id=public_id)
    if trouvee.etat == EtatSeance.CLOSE:
        return redirect("seance", public_id=public_id)
    dossiers = lire_ordre_du_jour(dossiers_ouverts(request.perimetre, trouvee))
    contexte = {
        "seance": trouvee,
        "dossiers": dossiers,
        "retires": list(dossiers_retires(request.perimetre, trouvee)),
        "avancement": avancement(dossiers),
        "bilan": bilan(dossiers),
        "issue": request.GET.get("issue", ""),
        "montres": d_une_issue(dossiers, request.GET.get("issue", "")),
        "quorum": calculer_quorum(trouvee, presences(trouvee), qualites_du_type(trouvee)),
        "defaut": defaut_de_quorum(trouvee),
        "clot": trouvee.etat in SEANCE["clore"],
        "nature": trouvee.instance.type.nature,
        "points": points_de(trouvee),
    }
    reponse = render(request, "seances/clore.html", contexte)
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_POST
@exige(PRESIDER)
def lever(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lève la séance sans rien décider."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PRESIDER)

    def acte() -> str:
        lever_seance(trouvee, acteur=request.user, perimetre=request.perimetre, motif=request.POST.get("motif", ""))
        return "La séance est levée sans décision ; tous ses dossiers sont ajournés."

    tenter(request, acte)
    return redirect("seance", public_id=public_id)


# --- Papiers


@require_GET
def pv(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Procès-verbal figé ; qui ne fait que siéger, ou s'est retiré d'un dossier, n'en lit que la version sans les noms."""
    trouvee = acceder_seance(request.perimetre, public_id)
    sans_noms = "sans_noms" in request.GET or not lit_le_pv(request.perimetre, trouvee)
    return _pdf(trouvee.pv_anonyme if sans_noms else trouvee.pv)


@require_GET
def ordre_du_jour(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ordre du jour joint aux convocations, sans les noms."""
    return _pdf(acceder_seance(request.perimetre, public_id).ordre_du_jour)


def _pdf(reference: UUID | None) -> HttpResponse:
    document, octets = lire_papier(reference)
    reponse = HttpResponse(octets, content_type=document.type_mime)
    reponse["Content-Disposition"] = f'inline; filename="{document.nature}.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_GET
def agenda(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Rendez-vous à mettre dans son agenda."""
    trouvee = acceder_seance(request.perimetre, public_id)
    reponse = HttpResponse(calendrier_ics(trouvee), content_type="text/calendar; charset=utf-8")
    reponse["Content-Disposition"] = f'attachment; filename="seance-{trouvee.numero}.ics"'
    return reponse


@require_GET
@exige(PREPARER)
def convocations(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Convocations à imprimer pour les membres qui n'ont pas de courriel."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)
    sans = [m for m in membres_en_cours(trouvee.instance, trouvee.date) if not m.courriel]
    if trouvee.convoquee_le is None or not sans:
        messages.info(request, "Il n’y a pas de convocation à imprimer : tous les membres ont un courriel.")
        return redirect("seance", public_id=public_id)
    reponse = HttpResponse(convocations_pdf(trouvee, sans, jour=trouvee.convoquee_le), content_type="application/pdf")
    reponse["Content-Disposition"] = f'inline; filename="convocations-seance-{trouvee.numero}.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse
