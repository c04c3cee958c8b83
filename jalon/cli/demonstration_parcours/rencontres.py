"""Les réunions d'information du territoire, et la séance de son instance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta
from django.utils import timezone

from jalon.cli.demonstration_parcours.decor import EXTERNES, Decor, adresse_electronique, ouvre
from jalon.instances.composition import nommer_membre
from jalon.instances.models import Instance, QualiteMembre
from jalon.instances.ordre_du_jour import remplir_ordre_du_jour
from jalon.instances.seances import convoquer_membres, planifier_seance
from jalon.organismes.models import CategorieOrganisme, CommuneTerritoire, Organisme, ServiceInstructeur
from jalon.orientations.models import AttenteOrientation
from jalon.orientations.structures import lignees
from jalon.referentiels.parametres import nombre
from jalon.rendezvous.contacts import noter_contact
from jalon.rendezvous.invitations import inviter_personnes
from jalon.rendezvous.mobilisation import a_inviter, remplir
from jalon.rendezvous.models import (
    EtatInvitation,
    Invitation,
    MotifAbsence,
    MoyenContact,
    ProtocoleReunion,
    ResultatContact,
    Reunion,
)
from jalon.rendezvous.presences import clore_feuille, noter_entretien, noter_presence
from jalon.rendezvous.services import Intervention, planifier_reunion
from jalon.rendezvous.services import Seance as Rencontre

ORDRE_DU_JOUR: Final = 12


def _lieu(decor: Decor) -> tuple[str, str, Organisme | None]:
    """Le service du territoire, et une adresse fictive dans sa plus grande commune."""
    service = ServiceInstructeur.objects.filter(territoire=decor.territoire).select_related("organisme").first()
    commune = (
        CommuneTerritoire.objects.filter(territoire=decor.territoire)
        .select_related("commune")
        .order_by("-commune__population", "commune_id")[0]
        .commune
    )
    nom = service.organisme.libelle if service is not None else decor.territoire.libelle
    return (
        nom[:120],
        f"1, place Fictive, {commune.codes_postaux[0]} {commune.nom}",
        service.organisme if service else None,
    )


def _planifier(decor: Decor, jour: date) -> Reunion:
    protocole = (
        ProtocoleReunion.objects.filter(type__actif=True, depuis__lte=jour).order_by("type__ordre", "-version")[0]
    )  # fmt: skip
    lieu, adresse, service = _lieu(decor)
    debut = time(9, 0)
    fin = (datetime.combine(jour, debut) + timedelta(minutes=protocole.duree)).time()
    tenus = [
        Intervention(role["code"], organisme)
        for role in protocole.roles
        if (organisme := _intervenant(decor, role.get("categories", []), service)) is not None
    ]
    return planifier_reunion(
        protocole, **decor.au_nom_de(decor.comptes["chef_territoire"]), territoire=decor.territoire,
        seance=Rencontre(jour, debut, fin, lieu, adresse, protocole.capacite), interventions=tenus,
    )  # fmt: skip


def _intervenant(decor: Decor, categories: Sequence[str], service: Organisme | None) -> Organisme | None:
    if CategorieOrganisme.DEPARTEMENT in categories and service is not None:
        return service
    return _organismes(decor, categories)[0] if _organismes(decor, categories) else None


def _organismes(decor: Decor, categories: Sequence[str]) -> list[Organisme]:
    """Organismes de ces catégories qui agissent sur le territoire, les plus proches d'abord."""
    lignee = lignees()[decor.territoire.pk]
    trouves = Organisme.objects.filter(type__categorie__in=list(categories), actif=True, territoires__in=lignee)
    pres = set(trouves.filter(territoires=decor.territoire).order_by("pk").values_list("pk", flat=True))
    return sorted(trouves.distinct().order_by("pk"), key=lambda o: (o.pk not in pres, str(o)))


def _inviter(decor: Decor, reunion: Reunion) -> list[Invitation]:
    qui = decor.au_nom_de(decor.comptes["chef_territoire"])
    attendent = AttenteOrientation.objects.filter(territoire=decor.territoire, sortie_le=None).count()
    places = min(reunion.capacite * 4 // 5, max(4, attendent // 10))
    proposees = a_inviter(qui["perimetre"], decor.jour, territoire=decor.territoire, limite=places)
    retenues = remplir(proposees, places)
    if not retenues:
        return []
    return inviter_personnes(reunion, **qui, personnes=[p.personne.public_id for p in retenues]).faites


def tenir_les_reunions(decor: Decor) -> dict[int, Invitation | None]:
    """Une réunion tenue le mois dernier, une ce mois-ci s'il n'est pas fini, une le mois prochain ; rend les invitées.

    Une réunion ne se planifie pas dans le passé : celle du mois dernier se prépare aujourd'hui par les mêmes actes,
    puis sa date est reculée avant que la feuille ne se tienne.
    """
    premier = decor.jour.replace(day=1)
    passee = ouvre((premier - timedelta(days=1)).replace(day=15))
    qui = decor.au_nom_de(decor.comptes["chef_territoire"])
    reunion = _planifier(decor, decor.jour)
    faites = _inviter(decor, reunion)
    Reunion.objects.filter(pk=reunion.pk).update(date=passee)
    Invitation.objects.filter(reunion=reunion).update(invitee_le=passee - timedelta(days=20))
    # Dans l'ordre : une excusée, une absente jointe depuis, une absente à joindre, puis une excusée ou absente sur dix.
    etats = [EtatInvitation.EXCUSEE, EtatInvitation.ABSENTE, EtatInvitation.ABSENTE]
    etats += [EtatInvitation.ABSENTE if rang % 10 == 9 else EtatInvitation.PRESENTE for rang in range(len(faites))]
    motif = MotifAbsence.objects.filter(actif=True, preuve_exigee=False, sante=False).order_by("ordre", "pk").first()
    for rang, (invitation, etat) in enumerate(zip(faites, etats, strict=False)):
        if etat == EtatInvitation.EXCUSEE and motif is None:
            etat = EtatInvitation.PRESENTE
        noter_presence(
            invitation, **qui, etat=etat, motif=motif if etat == EtatInvitation.EXCUSEE else None,
            precision="A prévenu la veille par téléphone." if etat == EtatInvitation.EXCUSEE else "",
        )  # fmt: skip
        if rang == 1 and etat == EtatInvitation.ABSENTE:
            noter_contact(
                invitation.personne, **qui, jour=ouvre(passee + timedelta(days=6)), moyen=MoyenContact.TELEPHONE,
                resultat=ResultatContact.JOINTE,
                resume="N'avait pas reçu l'invitation ; viendra à la prochaine réunion.",
            )  # fmt: skip
        if etat == EtatInvitation.PRESENTE and rang % 2:
            noter_entretien(invitation, **qui)
    clore_feuille(reunion, **qui)
    soir = timezone.make_aware(datetime.combine(passee, reunion.fin))
    Reunion.objects.filter(pk=reunion.pk).update(close_le=soir)
    Invitation.objects.filter(reunion=reunion).update(presence_notee_le=soir)
    Invitation.objects.filter(reunion=reunion, entretien_le__isnull=False).update(entretien_le=soir)
    prochains = [ouvre((premier + relativedelta(months=1)).replace(day=15))]
    if (proche := ouvre(decor.jour + timedelta(days=2))).month == decor.jour.month:
        prochains.append(proche)
    a_venir = [invitation for jour in prochains for invitation in _inviter(decor, _planifier(decor, jour))]
    tenues = Invitation.objects.filter(reunion=reunion).select_related("personne", "reunion").order_by("pk")
    return {i.personne_id: None for i in a_venir} | {i.personne_id: i for i in tenues}


# --- Réunir


def preparer_une_seance(decor: Decor) -> None:
    """L'instance du territoire : ses membres, et une séance convoquée avec son ordre du jour."""
    instance = (
        Instance.objects.filter(actif=True, type__actif=True, type__nature="orientation")
        .filter(territoire__in=lignees()[decor.territoire.pk])
        .order_by("type__ordre", "-territoire__parent_id", "pk")
        .first()
    )
    if instance is None:
        return
    qui = decor.au_nom_de(decor.comptes["chef_territoire"])
    nommer_les_membres(decor, instance)
    delai = int(nombre("instance.delai_convocation", decor.jour))
    lieu = _lieu(decor)[0]
    seance = planifier_seance(
        instance, **qui, jour=ouvre(decor.jour + timedelta(days=delai + 2)), heure=time(14, 0), lieu=lieu,
        secretaire=decor.comptes["orienteur"],
    )  # fmt: skip
    remplir_ordre_du_jour(seance, **qui, jusqua=ORDRE_DU_JOUR)
    if any(m.qualite.preside for m in instance.membres.select_related("qualite").order_by("pk")):
        convoquer_membres(seance, **qui)


def nommer_les_membres(decor: Decor, instance: Instance) -> None:
    """Les comptes de démonstration aux qualités du Département, des noms fictifs aux autres."""
    qui = decor.au_nom_de(decor.comptes["chef_territoire"])
    roles = ("chef_territoire", "orienteur", "membre_equipe")
    a_nommer = [a for role in roles if (a := decor.comptes.get(role)) is not None]
    noms = decor.alea.sample(EXTERNES, len(EXTERNES))
    for rang, qualite in enumerate(
        QualiteMembre.objects.filter(type=instance.type, actif=True).order_by("ordre", "pk")
    ):
        if CategorieOrganisme.DEPARTEMENT in qualite.categories:
            for _ in range(qualite.maximum or 1):
                if a_nommer:
                    nommer_membre(instance, **qui, qualite=qualite, agent=a_nommer.pop(0))
            continue
        organismes = _organismes(decor, qualite.categories)
        if organismes:
            nom = noms[rang % len(noms)][0]
            nommer_membre(
                instance, **qui, qualite=qualite, nom_externe=nom, organisme=organismes[0],
                courriel_externe=adresse_electronique(nom.split()[0], nom.split()[1]),
            )  # fmt: skip
