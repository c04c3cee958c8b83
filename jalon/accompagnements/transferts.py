"""Répartir le portefeuille d'un référent entre ses collègues : le voir d'abord, le faire d'un coup, pouvoir le défaire.

Le transfert reste dans l'organisme du référent : changer d'organisme, c'est passer le relais personne par personne.
Réf. : R41, R44, F040, F041.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.charge import charges, charges_maximales
from jalon.accompagnements.models import (
    DesignationReferent,
    LigneTransfert,
    MotifFinDesignation,
    RegleTransfert,
    TransfertPortefeuille,
)
from jalon.accompagnements.referents import (
    SANS_DEPASSEMENT,
    ChargeDepasseeError,
    Depassement,
    designer_referent,
    liberer_referent,
    ouvrir_accompagnement,
)
from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.personnes.models import Adresse, Personne, Rattachement
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import mot, vrai
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from jalon.traces.services import tracer

CODE = "accompagnements.portefeuille.transfere"
EN_COURS = {"periode__endswith": None, "periode__isempty": False}
SANS_COMMUNE = "Commune inconnue"


@dataclass(frozen=True)
class Attribution:
    """À qui irait une personne, ou pourquoi elle resterait."""

    designation: DesignationReferent
    commune: str
    vers: Agent | None
    raison: str = ""
    depasse: bool = False


@dataclass(frozen=True)
class Preneur:
    """Charge d'un collègue avant et après."""

    agent: Agent
    avant: int
    apres: int
    maximum: int

    @property
    def depasse(self) -> int:
        return max(0, self.apres - self.maximum)


@dataclass(frozen=True)
class Repartition:
    """Ce que ferait un transfert : qui va à qui, et la charge de chacun après."""

    attributions: tuple[Attribution, ...]
    preneurs: tuple[Preneur, ...]

    @property
    def transferees(self) -> int:
        return sum(a.vers is not None for a in self.attributions)

    @property
    def restent(self) -> int:
        return len(self.attributions) - self.transferees

    @property
    def depassements(self) -> int:
        return sum(a.depasse for a in self.attributions)


@dataclass
class _Places:
    """Places qui restent à chaque preneur, à mesure qu'on attribue."""

    charge: dict[int, int]
    maximum: dict[int, int]
    agents: dict[int, Agent]
    organismes: dict[int, frozenset[int]]
    avant: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.avant = dict(self.charge)

    def reste(self, cle: int) -> int:
        return self.maximum[cle] - self.charge[cle]

    def candidats(self, organisme: int) -> list[int]:
        return [cle for cle in self.agents if organisme in self.organismes[cle]]


def portefeuille_de(agent: Agent, perimetre: Perimetre, jour: date) -> list[DesignationReferent]:
    """Personnes de ce référent que l'agent voit."""
    return list(
        DesignationReferent.objects.filter(
            filtre_perimetre(perimetre, "personne__"), agent=agent, periode__contains=jour, periode__endswith=None
        )
        .select_related("personne__territoire", "organisme", "decision")
        .order_by("personne__nom", "personne__prenom", "pk")
    )


def communes_de(personnes: Iterable[int], jour: date) -> dict[int, str]:
    """Commune de chaque personne aujourd'hui, quand on la connaît."""
    foyers = dict(
        Rattachement.objects.filter(personne__in=list(personnes), periode__contains=jour)
        .order_by("personne_id", "pk")
        .values_list("personne_id", "foyer_id")
    )
    communes = dict(
        Adresse.objects.filter(foyer__in=foyers.values(), rang=1, periode__contains=jour)
        .order_by("foyer_id", "pk")
        .values_list("foyer_id", "nom_commune")
    )
    return {personne: communes[foyer] for personne, foyer in foyers.items() if communes.get(foyer)}


def collegues_de(agent: Agent, designations: Sequence[DesignationReferent], jour: date) -> list[Agent]:
    """Agents qui tiennent un portefeuille dans les organismes de ces désignations."""
    organismes = {designation.organisme_id for designation in designations}
    return list(
        Agent.objects.filter(
            is_active=True, affectations__periode__contains=jour, affectations__organisme__in=organismes,
            affectations__profil__droits__contains=["portefeuille.consulter"],
        )
        .exclude(pk=agent.pk)
        .distinct()
        .order_by("nom", "prenom", "pk")
    )  # fmt: skip


def repartir(
    designations: Sequence[DesignationReferent],
    *,
    vers: Sequence[Agent],
    regle: str,
    depassement: Depassement,
    jour: date,
) -> Repartition:
    """Attribue chaque personne selon la règle, sans rien changer.

    « Tout à un seul » prend le premier des preneurs ; « selon la place » donne chaque personne à qui en a le plus ;
    « par commune » garde ensemble les habitants d'une commune, les plus nombreux d'abord. Sans dépassement confirmé
    et permis, une personne qui ne trouve pas de place reste à son référent.
    """
    preneurs = list(vers[:1]) if regle == RegleTransfert.UN_SEUL else list(vers)
    cles = [agent.pk for agent in preneurs]
    totales = charges(cles, jour)
    places = _Places(
        charge={cle: totales.get(cle, 0) for cle in cles},
        maximum=charges_maximales(cles, jour),
        agents={agent.pk: agent for agent in preneurs},
        organismes=_organismes(cles, jour),
    )
    admis = depassement.confirme and bool(depassement.motif.strip())
    admis = admis and not vrai("referent.depassement_bloquant", jour)
    communes = communes_de([d.personne_id for d in designations], jour)
    faites: dict[int, Attribution] = {}
    for groupe in _groupes(designations, communes, regle):
        favori: int | None = None
        for designation in groupe:
            commune = communes.get(designation.personne_id, "")
            attribution = _attribuer(designation, commune, places, favori, admis)
            favori = attribution.vers.pk if attribution.vers is not None else favori
            faites[designation.pk] = attribution
    return Repartition(
        attributions=tuple(faites[d.pk] for d in designations),
        preneurs=tuple(
            Preneur(agent, places.avant[agent.pk], places.charge[agent.pk], places.maximum[agent.pk])
            for agent in preneurs
        ),
    )


def _organismes(agents: list[int], jour: date) -> dict[int, frozenset[int]]:
    lus: dict[int, set[int]] = {cle: set() for cle in agents}
    for agent, organisme in (
        Affectation.objects.filter(agent__in=agents, periode__contains=jour)
        .order_by("pk")
        .values_list("agent_id", "organisme_id")
    ):
        lus[agent].add(organisme)
    return {cle: frozenset(organismes) for cle, organismes in lus.items()}


def _groupes(
    designations: Sequence[DesignationReferent], communes: dict[int, str], regle: str
) -> list[list[DesignationReferent]]:
    if regle != RegleTransfert.COMMUNE:
        return [[designation] for designation in designations]
    par_commune: dict[str, list[DesignationReferent]] = defaultdict(list)
    for designation in designations:
        par_commune[communes.get(designation.personne_id, SANS_COMMUNE)].append(designation)
    return [par_commune[nom] for nom in sorted(par_commune, key=lambda nom: (-len(par_commune[nom]), nom))]


def _attribuer(
    designation: DesignationReferent, commune: str, places: _Places, favori: int | None, admis: bool
) -> Attribution:
    candidats = places.candidats(designation.organisme_id)
    if not candidats:
        return Attribution(designation, commune, None, f"Aucun preneur ne travaille à {designation.organisme}.")
    libres = [cle for cle in candidats if places.reste(cle) > 0]
    if favori in libres:
        choisi = favori
    elif libres:
        choisi = max(libres, key=lambda cle: (places.reste(cle), -cle))
    elif admis:
        choisi = max(candidats, key=lambda cle: (places.reste(cle), -cle))
    else:
        return Attribution(designation, commune, None, "Plus de place chez les preneurs choisis.")
    assert choisi is not None
    depasse = places.reste(choisi) <= 0
    places.charge[choisi] += 1
    return Attribution(designation, commune, places.agents[choisi], depasse=depasse)


@transaction.atomic
def transferer_portefeuille(
    de: Agent,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    vers: Sequence[Agent],
    regle: str,
    motif: str,
    depassement: Depassement = SANS_DEPASSEMENT,
    attendues: int | None = None,
) -> TransfertPortefeuille:
    """Répartit le portefeuille en un seul acte ; chaque personne a son résultat, et son avis part à chacun.

    Les personnes sont verrouillées avant les agents, dans l'ordre de leur clé, comme le fait une désignation : deux
    actes croisés s'attendent sans se bloquer. `attendues` est le nombre de personnes que montrait l'aperçu.
    Lève `DroitManquantError`, `JalonError`, `TransitionRefuseeError`.
    """
    perimetre.exiger("portefeuille.transferer")
    perimetre.exiger("referent.designer")
    if not motif.strip():
        raise JalonError("Dites en quelques mots pourquoi ce portefeuille change de mains.")
    if not vers:
        raise JalonError("Choisissez au moins un collègue à qui confier ces personnes.")
    jour = timezone.localdate()
    cles = [d.personne_id for d in portefeuille_de(de, perimetre, jour)]
    list(Personne.objects.select_for_update(of=("self",)).filter(pk__in=cles).order_by("pk").values_list("pk"))
    list(
        Agent.objects.select_for_update(of=("self",))
        .filter(pk__in=[agent.pk for agent in vers])
        .order_by("pk")
        .values_list("pk")
    )
    designations = portefeuille_de(de, perimetre, jour)
    if not designations:
        raise TransitionRefuseeError(f"{de} n'accompagne personne de votre périmètre : il n'y a rien à transférer.")
    if attendues is not None and attendues != len(designations):
        raise TransitionRefuseeError(
            f"Ce {mot('portefeuille').singulier} a changé depuis l'aperçu : {len(designations)} personnes au lieu de "
            f"{attendues}. Regardez de nouveau avant de transférer."
        )
    permis = {agent.pk for agent in collegues_de(de, designations, jour)}
    for agent in vers:
        if agent.pk not in permis:
            raise JalonError(f"{agent} ne travaille pas avec {de} : choisissez un collègue du même organisme.")
    repartition = repartir(designations, vers=vers, regle=regle, depassement=depassement, jour=jour)
    transfert = TransfertPortefeuille.objects.create(
        de=de, regle=regle, motif=motif.strip(), fait_par=acteur, jour=jour
    )
    for attribution in repartition.attributions:
        _transferer_une(transfert, attribution, acteur, perimetre, depassement, jour)
    lignes = list(transfert.lignes.select_related("ancienne__personne").order_by("pk"))
    faites = [ligne for ligne in lignes if ligne.nouvelle_id is not None]
    tracer(
        CODE, transfert, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[ligne.ancienne.personne.public_id for ligne in faites], motif=motif.strip(), de=str(de)[:40],
        donnees={"transferees": len(faites), "restees": len(lignes) - len(faites), "regle": str(regle)},
        resume=f"{len(faites)} personne(s) de {de} confiée(s) à {len({a.pk for a in vers})} collègue(s)"[:300],
    )  # fmt: skip
    return transfert


def _transferer_une(
    transfert: TransfertPortefeuille,
    attribution: Attribution,
    acteur: Agent,
    perimetre: Perimetre,
    depassement: Depassement,
    jour: date,
) -> None:
    ligne = LigneTransfert(transfert=transfert, ancienne=attribution.designation, raison=attribution.raison[:300])
    if attribution.vers is not None:
        try:
            with transaction.atomic():
                ligne.nouvelle = designer_referent(
                    attribution.designation.personne, acteur=acteur, perimetre=perimetre,
                    organisme=attribution.designation.organisme, agent=attribution.vers,
                    decision=attribution.designation.decision, motif_fin_precedent=MotifFinDesignation.DEPART,
                    depassement=depassement, jour=jour,
                )  # fmt: skip
        except (ChargeDepasseeError, JalonError) as refus:
            ligne.raison = str(refus)[:300]
    ligne.save(force_insert=True)


def acceder_transfert(perimetre: Perimetre, public_id: UUID) -> TransfertPortefeuille:
    """Rend un transfert dont l'agent voit au moins une personne, ou qu'il a fait."""
    perimetre.exiger("portefeuille.transferer")
    transfert = (
        TransfertPortefeuille.objects.filter(public_id=public_id).select_related("de", "fait_par", "defait_par").first()
    )
    if transfert is not None and (
        (perimetre.agent is not None and transfert.fait_par_id == perimetre.agent.pk)
        or lignes_du_transfert(transfert, perimetre)
    ):
        return transfert
    raise HorsPerimetreError("Ce transfert n'existe pas ou n'est pas dans votre périmètre.")


def lignes_du_transfert(transfert: TransfertPortefeuille, perimetre: Perimetre) -> list[LigneTransfert]:
    """Résultat de chaque personne, parmi celles que l'agent voit."""
    return list(
        transfert.lignes.filter(filtre_perimetre(perimetre, "ancienne__personne__"))
        .select_related("ancienne__personne", "ancienne__organisme", "nouvelle__agent")
        .order_by("ancienne__personne__nom", "ancienne__personne__prenom", "pk")
    )


@transaction.atomic
def defaire_transfert(
    transfert: TransfertPortefeuille, *, acteur: Agent, perimetre: Perimetre
) -> TransfertPortefeuille:
    """Rend à leur référent d'avant les personnes pour qui rien ne s'est passé depuis ; les autres restent.

    Défait le jour même, l'ancien suivi reprend comme s'il n'avait pas cessé ; plus tard, il reprend ce jour-là, car
    un collègue a bien été référent entre-temps. Lève `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger("portefeuille.transferer")
    transfert = TransfertPortefeuille.objects.select_for_update(of=("self",)).select_related("de").get(pk=transfert.pk)
    if transfert.defait_le is not None:
        raise TransitionRefuseeError("Ce transfert a déjà été défait.")
    if not transfert.de.is_active:
        raise TransitionRefuseeError(f"Le compte de {transfert.de} est fermé : passez le relais autrement.")
    jour = timezone.localdate()
    rendues: list[UUID] = []
    for ligne in lignes_du_transfert(transfert, perimetre):
        if ligne.nouvelle_id is None:
            continue
        ligne.raison_gardee = _rendre(ligne, acteur=acteur, jour=jour)
        ligne.defaite = not ligne.raison_gardee
        ligne.save(update_fields=["defaite", "raison_gardee"])
        if ligne.defaite:
            rendues.append(ligne.ancienne.personne.public_id)
    if not rendues:
        raise TransitionRefuseeError(
            "Il s'est passé quelque chose depuis pour chacune de ces personnes : passez le relais une par une."
        )
    transfert.defait_par, transfert.defait_le = acteur, timezone.now()
    transfert.save(update_fields=["defait_par", "defait_le"])
    tracer(
        "accompagnements.portefeuille.rendu", transfert, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=rendues, vers=str(transfert.de)[:40],
        resume=f"{len(rendues)} personne(s) rendue(s) à {transfert.de}"[:300],
    )  # fmt: skip
    return transfert


def _rendre(ligne: LigneTransfert, *, acteur: Agent, jour: date) -> str:
    """Rend une personne à son référent d'avant ; la raison de ne pas le faire, sinon."""
    personne = Personne.objects.select_for_update(of=("self",)).get(pk=ligne.ancienne.personne_id)
    assert ligne.nouvelle_id is not None
    nouvelle = DesignationReferent.objects.select_for_update(of=("self",)).get(pk=ligne.nouvelle_id)
    if nouvelle.periode.isempty or nouvelle.periode.upper is not None:
        return f"Le {mot('referent').singulier} a encore changé depuis."
    depuis = Acte.objects.filter(personnes__contains=[personne.public_id], accompli_le__gt=ligne.transfert.fait_le)
    if depuis.exclude(code=CODE).exclude(objet=nouvelle.public_id, code="accompagnements.referent.designe").exists():
        return "Il s'est passé quelque chose dans ce dossier depuis."
    ancienne = DesignationReferent.objects.select_for_update(of=("self",)).get(pk=ligne.ancienne_id)
    organisme: Organisme = ligne.ancienne.organisme
    liberer_referent(nouvelle, motif_fin=MotifFinDesignation.PASSATION, jour=jour)
    if nouvelle.periode.isempty and not ancienne.periode.isempty:
        ancienne.periode, ancienne.motif_fin = DateRange(ancienne.periode.lower, None), ""
        ancienne.save(update_fields=["periode", "motif_fin"])
    else:
        DesignationReferent.objects.create(
            personne=personne, organisme=organisme, agent_id=ancienne.agent_id, decision_id=ancienne.decision_id,
            designe_par=acteur, depassement=ancienne.depassement, motif_depassement=ancienne.motif_depassement,
            prevenue_le=ancienne.prevenue_le, moyen_prevenue=ancienne.moyen_prevenue, periode=DateRange(jour, None),
        )  # fmt: skip
    assert ancienne.agent_id is not None
    ouvrir_accompagnement(personne, organisme, agent=Agent.objects.get(pk=ancienne.agent_id), jour=jour)
    return ""
