"""Du premier rendez-vous manqué à la dernière ligne du flux : la procédure entière, par ses actes, sous chaque profil.

Le temps avance comme dans la vie ; chaque acte est celui d'un écran, fait le jour où il se ferait.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.acces import acceder_dossier_seance
from jalon.instances.auditions import convoquer_personnes, fixer_passages, noter_venue
from jalon.instances.avis import Proposition, regles_proposables, statuer_avis
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre
from jalon.instances.models import DossierSeance, EffetTheme, EtatSeance, Instance, MembreInstance, QualiteMembre
from jalon.instances.saisines import inscrire_manquements
from jalon.instances.seances import convoquer_membres, ouvrir_seance, planifier_seance
from jalon.manquements.avertissement import constater_reception, envoyer_avertissement
from jalon.manquements.classement import classer, motifs_possibles
from jalon.manquements.decisions import (
    SanctionRefuseeError,
    constater_reception_decision,
    decider_sanction,
    lever_sanction,
    notifier_decision,
)
from jalon.manquements.legalite import debut_habituel
from jalon.manquements.models import DecisionSanction, EtatDecision, EtatManquement, Manquement, RegleSanction
from jalon.manquements.observations import joindre_piece, recevoir_observation, reconnaitre_motif_legitime
from jalon.manquements.rapprochement import Constat, Ecart, rapprocher
from jalon.manquements.saisine import (
    SaisineIncompleteError,
    ajouter_fait,
    choisir_contact,
    ecrire_expose,
    manques,
    preparer_manquement,
    saisir_instance,
)
from jalon.manquements.transmissions import produire_transmission
from jalon.organismes.models import CategorieOrganisme, CommuneTerritoire
from jalon.personnes.liens import UsageLien, lire_lien
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import nombre
from jalon.rendezvous.agenda import Creneau
from jalon.rendezvous.contacts import noter_contact
from jalon.rendezvous.models import MotifAbsence, RendezVous
from jalon.rendezvous.rappels import convoquer_rendez_vous
from jalon.rendezvous.rendez_vous import constater_rendez_vous, fixer_rendez_vous
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.echanges.aides_mois import Departement, Mois, departement, mois
from tests.echanges.flux_caf.fabrique import adresse, avis_droit, foyer, personne
from tests.manquements.aides import motif, qui
from tests.manquements.fabriques import une_personne_suivie
from tests.manquements.sanctions import regle

__all__ = ["departement", "mois"]

pytestmark = pytest.mark.django_db
LUNDI = date(2026, 1, 5)
DROIT = Decimal("646.52")
TRENTE_POUR_CENT = Decimal("193.96")
PHOTO = b"%PDF-1.4\n%%EOF\n"


class Calendrier:
    """Le jour que voit l'application ; il ne recule jamais."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._vraie, self._depart = timezone.now, timezone.now()
        self._matin = self._a_neuf_heures(LUNDI)
        monkeypatch.setattr(timezone, "now", lambda: self._matin + (self._vraie() - self._depart))

    @staticmethod
    def _a_neuf_heures(jour: date) -> datetime:
        return timezone.make_aware(datetime.combine(jour, time(9)))

    def aller_au(self, jour: date) -> date:
        assert jour >= timezone.localdate()
        self._matin = self._a_neuf_heures(jour)
        return jour

    def passer(self, jours: int) -> date:
        return self.aller_au(timezone.localdate() + timedelta(days=jours))


@pytest.fixture
def calendrier(monkeypatch: pytest.MonkeyPatch) -> Calendrier:
    return Calendrier(monkeypatch)


class Caisse:
    """La caisse : le fichier de chaque mois, où le foyer de la personne est tel qu'elle le paie."""

    def __init__(self, mois: Mois, commune: str) -> None:
        self._mois, self._commune = mois, commune

    def envoyer(
        self, le: date, *, reduction: tuple[Decimal, date, date] | None = None, suspendue_le: date | None = None
    ) -> None:
        """Le flux de ce mois. `reduction` : retenue mensuelle, premier et dernier jours ; `suspendue_le` : tout l'est."""
        retenue = reduction[0] if reduction is not None else None
        self._mois(
            [
                foyer(
                    adresses=[adresse(commune=self._commune)], personnes=[personne(nom="ROUSSEAU")],
                    etat="2" if suspendue_le is None else "4",
                    montants={"MTTOTDRORSA": DROIT, "MTREDCGRSA": retenue},
                    suspensions_versement=[] if suspendue_le is None else [("CG", suspendue_le)],
                    avis="" if reduction is None else avis_droit(reductions=[reduction]),
                )
            ],
            le.isoformat(),
        )  # fmt: skip


class Suivi:
    """Une personne que la caisse paie et que l'on suit ; ceux qui agissent : référent, instructeur, décideur, siège."""

    def __init__(self, calendrier: Calendrier, mois: Mois) -> None:
        self.calendrier, self.d = calendrier, Distribution()
        communes = CommuneTerritoire.objects.filter(territoire=self.d.territoire).order_by("commune_id")
        self.caisse = Caisse(mois, communes[0].commune_id)
        self.caisse.envoyer(date(2025, 8, 31))
        self.personne = une_personne_suivie(self.d, depuis=date(2025, 9, 1), personne=Personne.objects.get())
        self.jeton = ""

    @cached_property
    def decideur(self) -> Agent:
        return self.d.agent("Denise", "decideur")

    @property
    def referent(self) -> dict[str, Any]:
        return qui(self.d.partenaire)

    @property
    def instructeur(self) -> dict[str, Any]:
        return qui(self.d.siege)

    def absence(self) -> RendezVous:
        """Un rendez-vous fixé, convoqué par lettre dans les temps, où la personne n'est pas venue."""
        delai = int(nombre("rendezvous.delai_convocation", timezone.localdate()))
        prevu = timezone.now() + timedelta(days=delai + 7)
        rendez_vous = fixer_rendez_vous(
            self.personne, **self.referent, objet="entretien",
            creneau=Creneau(organisme=self.d.organisme(CategorieOrganisme.CCAS), debut=prevu, agent=self.d.partenaire,
                            lieu="Maison des solidarités"),
        )  # fmt: skip
        convoquer_rendez_vous(rendez_vous, **self.referent)
        self.calendrier.aller_au(timezone.localdate(prevu) + timedelta(days=1))
        return constater_rendez_vous(rendez_vous, **self.referent, etat="manque")

    def saisine(self) -> Manquement:
        """Absence, contact, exposé, saisine : refusée tant que la personne n'a pas été jointe (R18)."""
        manque = self.absence()
        manquement = preparer_manquement(self.personne, motif=motif(), **self.referent)
        ajouter_fait(manquement, date=timezone.localdate(manque.debut), rendez_vous=manque, **self.referent)
        manquement.refresh_from_db()
        ecrire_expose(manquement, expose="Pas venue, sans prévenir.", numero_lu=manquement.numero, **self.referent)
        with pytest.raises(SaisineIncompleteError, match="rien ne peut se faire avant"):
            saisir_instance(manquement, **self.referent)
        self.calendrier.passer(5)
        contact = noter_contact(
            self.personne, **self.referent, jour=timezone.localdate(), moyen="telephone", resultat="jointe",
            resume="N'a pas donné de raison.",
        )  # fmt: skip
        choisir_contact(manquement, contact=contact, **self.referent)
        manquement.refresh_from_db()
        assert manques(manquement) == []
        return saisir_instance(manquement, **self.referent)

    def avertie(self) -> Manquement:
        """La saisine, puis la lettre, reçue cinq jours après ; avant ce jour, rien ne se décide."""
        manquement = self.saisine()
        self.calendrier.passer(3)

        def adresse(jeton: str) -> str:
            self.jeton = jeton
            return f"https://jalon.example/lien/{jeton}/reponse/"

        envoyer_avertissement(manquement, **self.instructeur, adresse_du_lien=adresse)
        self.calendrier.passer(5)
        return constater_reception(
            manquement, **self.instructeur, recu_le=timezone.localdate(), preuve="Avis de réception 2C 045"
        )

    def decider(self, manquement: Manquement, **choix: Any) -> DecisionSanction:
        return decider_sanction(
            manquement, **qui(self.decideur), motivation="Un rendez-vous manqué, sans motif.", **choix
        )


@pytest.fixture
def suivi(departement: Departement, calendrier: Calendrier, mois: Mois) -> Suivi:
    return Suivi(calendrier, mois)


# --- Une raison, une preuve : rien à reprocher


def test_une_raison_prouvee_clot_la_procedure_sans_sanction(suivi: Suivi) -> None:
    manquement = suivi.avertie()
    assert manquement.observations_jusqu_au == timezone.localdate() + relativedelta(months=1)
    suivi.calendrier.passer(9)
    lien = lire_lien(suivi.jeton, usage=UsageLien.MANQUEMENT)
    assert lien is not None
    raison = MotifAbsence.objects.filter(preuve_exigee=True, sante=False, actif=True).order_by("ordre", "pk")[0]
    observation = recevoir_observation(
        manquement, acteur=None, perimetre=None, canal="en_ligne", texte="J'étais retenue ce matin-là.",
        recue_le=timezone.localdate(), motif=raison, lien=lien,
    )  # fmt: skip
    with pytest.raises(JalonError, match="preuve"):
        reconnaitre_motif_legitime(manquement, **suivi.instructeur)
    joindre_piece(
        manquement,
        acteur=None,
        perimetre=None,
        contenu=PHOTO,
        libelle="Attestation",
        observation=observation,
        lien=lien,
    )
    suivi.calendrier.passer(2)
    reconnaitre_motif_legitime(manquement, **suivi.instructeur)

    with pytest.raises(SanctionRefuseeError, match="motif légitime"):
        suivi.decider(manquement, regle=_premiere(), taux=30, duree=1)
    manquement.refresh_from_db()
    assert "motif_legitime" in motifs_possibles(manquement)
    classer(manquement, **suivi.instructeur, motif="motif_legitime")

    manquement.refresh_from_db()
    assert (manquement.etat, manquement.clos_le) == (EtatManquement.CLASSE, timezone.localdate())
    assert manquement.classement is not None, "la personne, avertie, l'apprend par écrit"
    assert not DecisionSanction.objects.exists()
    assert [acte.rpartition(".")[2] for acte in _actes(manquement)] == [
        "prepare", "ajouter_fait", "ecrire_expose", "choisir_contact", "saisir", "avertir", "constater_reception",
        "recevoir_observation", "piece", "reconnaitre_motif", "classer",
    ]  # fmt: skip
    with pytest.raises(TransitionRefuseeError):
        suivi.decider(manquement, regle=_premiere(), taux=30, duree=1)


# --- Entendue, suspendue dans la grille, en règle, levée : la caisse l'a fait


class Instances:
    """L'instance du territoire qui donne un avis sur un manquement, ses membres et son secrétariat."""

    def __init__(self, d: Distribution) -> None:
        self.d = d
        self.instance = Instance.objects.select_related("type", "territoire").filter(
            territoire=d.territoire, type__themes__effet=EffetTheme.MANQUEMENT, type__themes__fraude=False
        ).distinct().get()  # fmt: skip
        self.presidente = d.agent("Paule", "chef_territoire", territoire=d.territoire)
        self.membre = d.agent("Marc", "membre_equipe", territoire=d.territoire)
        self.ailleurs = d.agent("Maud", "membre_equipe", territoire=d.territoire)
        commun: dict[str, Any] = {**qui(d.siege), "du": LUNDI}
        qualites = list(QualiteMembre.objects.filter(type=self.instance.type).order_by("ordre", "pk"))
        preside = next(qualite for qualite in qualites if qualite.preside)
        autres = [qualite for qualite in qualites if qualite != preside]
        self.president: MembreInstance = nommer_membre(self.instance, qualite=preside, agent=self.presidente, **commun)
        nommer_membre(self.instance, qualite=autres[0], agent=self.membre, **commun)
        for qualite in autres[1:]:
            nommer_membre(self.instance, qualite=qualite, nom_externe=f"Membre {qualite.code}", **commun)

    def lit(self, agent: Agent, dossier: DossierSeance) -> bool:
        try:
            acceder_dossier_seance(Perimetre.de(agent), dossier.public_id)
        except (HorsPerimetreError, DroitManquantError):
            return False
        return True


def test_entendue_suspendue_en_regle_levee_et_la_caisse_suit(suivi: Suivi) -> None:
    """Une part est retenue : le flux la dit avis du président, réduction et montant du mois."""
    decision = _suspendue(suivi, taux=30)
    _recevoir_le_premier_flux(suivi, decision, reduction=TRENTE_POUR_CENT)
    ecart = _ecart()
    assert (ecart.constat, ecart.montant_constate) == (Constat.CONFORME, TRENTE_POUR_CENT), ecart.phrase

    _se_mettre_en_regle(suivi, decision)
    assert _ecart().constat == Constat.CONFORME, "le flux reçu avant la levée ne la contredit pas"
    _recevoir_le_flux_suivant(suivi)
    ecart = _ecart()
    assert (ecart.constat, ecart.flux_du) == (Constat.CONFORME, timezone.localdate()), ecart.phrase
    assert "ne l'applique plus" in ecart.phrase


def test_toute_l_allocation_suspendue_puis_rendue_et_la_caisse_suit(suivi: Suivi) -> None:
    """Tout est retenu : le flux le dit suspension du versement, à son motif."""
    decision = _suspendue(suivi, taux=100)
    _recevoir_le_premier_flux(suivi, decision, tout=True)
    assert _ecart().constat == Constat.CONFORME, _ecart().phrase

    _se_mettre_en_regle(suivi, decision)
    _recevoir_le_flux_suivant(suivi)
    ecart = _ecart()
    assert (ecart.constat, ecart.flux_du) == (Constat.CONFORME, timezone.localdate()), ecart.phrase


def test_la_caisse_retient_un_autre_montant(suivi: Suivi) -> None:
    decision = _suspendue(suivi, taux=30)
    _recevoir_le_premier_flux(suivi, decision, reduction=Decimal("95.00"))
    ecart = _ecart()

    assert (ecart.constat, ecart.a_traiter) == (Constat.AUTRE_MONTANT, True)
    assert ecart.phrase == "La caisse retient 95,00 € par mois, au lieu de 193,96 €."


def test_la_caisse_ne_retient_rien(suivi: Suivi) -> None:
    decision = _suspendue(suivi, taux=30)
    _recevoir_le_premier_flux(suivi, decision)
    ecart = _ecart()

    assert (ecart.constat, ecart.a_traiter) == (Constat.ABSENTE, True)
    assert "ne l'applique pas" in ecart.phrase


def test_la_caisse_retient_encore_apres_la_levee(suivi: Suivi) -> None:
    decision = _suspendue(suivi, taux=30)
    _recevoir_le_premier_flux(suivi, decision, reduction=TRENTE_POUR_CENT)
    _se_mettre_en_regle(suivi, decision)
    _recevoir_le_flux_suivant(suivi, encore=_reduction(decision, TRENTE_POUR_CENT))
    ecart = _ecart()

    assert (ecart.constat, ecart.flux_du, ecart.a_traiter) == (Constat.NON_LEVEE, timezone.localdate(), True)
    assert "l'applique alors qu'elle devait être finie" in ecart.phrase


def _suspendue(suivi: Suivi, *, taux: int) -> DecisionSanction:
    """De la saisine à la transmission : entendue, assistée, l'avis rendu, la décision reçue, la caisse prévenue."""
    manquement = suivi.avertie()
    recevoir_observation(
        manquement, **suivi.referent, canal="oral", texte="", recue_le=timezone.localdate(), relue=True,
        demande_audition=True, assistee_par="Une amie",
    )  # fmt: skip
    manquement.refresh_from_db()
    with pytest.raises(SanctionRefuseeError):
        suivi.decider(manquement, regle=_premiere(), taux=30, duree=1)
    assert manquement.observations_jusqu_au is not None
    suivi.calendrier.aller_au(manquement.observations_jusqu_au + timedelta(days=1))
    with pytest.raises(SanctionRefuseeError, match="entendue"):
        suivi.decider(manquement, regle=_premiere(), taux=30, duree=1)

    _tenir_la_seance(suivi, Instances(suivi.d), manquement, taux)

    suivi.calendrier.passer(3)
    return _decider_notifier_transmettre(suivi, manquement, taux)


def _tenir_la_seance(suivi: Suivi, ici: Instances, manquement: Manquement, taux: int) -> None:
    """L'inscription, les convocations, l'audition assistée, l'avis, la clôture ; le membre lit de l'une à l'autre."""
    secretaire, presidence = qui(suivi.d.orienteur), qui(ici.presidente)
    delai = int(nombre("instance.delai_convocation", timezone.localdate()))
    tenue_le = timezone.localdate() + timedelta(days=delai + 2)
    seance = planifier_seance(ici.instance, **secretaire, jour=tenue_le, heure=time(9), lieu="Salle des fêtes")
    [dossier] = inscrire_manquements(seance, **secretaire, manquements=[manquement.public_id])
    assert not ici.lit(ici.membre, dossier), "pas encore convoqué"
    suivi.calendrier.passer(1)
    assert not ici.lit(ici.membre, dossier), "la veille de la convocation"
    suivi.calendrier.passer(1)
    convoquer_membres(seance, **secretaire)
    fixer_passages(seance, **secretaire, premier=time(9, 30), minutes=20)
    [convoquee] = convoquer_personnes(seance, **secretaire)
    assert convoquee.convocation is not None
    assert ici.lit(ici.membre, dossier), "convoqué"
    assert not ici.lit(ici.ailleurs, dossier), "ne siège pas"

    suivi.calendrier.aller_au(tenue_le)
    presents = [membre.pk for membre in MembreInstance.objects.filter(instance=ici.instance).order_by("pk")]
    seance = ouvrir_seance(seance, **presidence, president=ici.president, presents=presents)
    assert ici.lit(ici.membre, dossier), "le jour de la séance"
    dossier = DossierSeance.objects.select_related("seance__instance__type", "personne", "theme").get(pk=dossier.pk)
    noter_venue(dossier, **presidence, assistee_par="Une amie")
    manquement.refresh_from_db()
    proposee = next(r for r in regles_proposables(dossier, manquement) if r.nature == "suspension")
    statuer_avis(
        dossier, **presidence,
        proposition=Proposition(
            "favorable", regle=proposee, taux=taux, duree=2, texte="Entendue, n'a pas donné de raison."
        ),
    )  # fmt: skip
    manquement.refresh_from_db()
    assert manquement.etat == EtatManquement.AVERTI, "l'avis attend la clôture"
    seance = clore_seance(seance, **presidence)

    dossier.refresh_from_db()
    assert (seance.etat, seance.quorum_atteint, dossier.etat) == (EtatSeance.CLOSE, True, "applique"), dossier.motif
    assert not ici.lit(ici.membre, dossier), "close"
    suivi.calendrier.passer(1)
    assert not ici.lit(ici.membre, dossier), "le lendemain"
    manquement.refresh_from_db()
    assert (manquement.etat, manquement.entendue_le, manquement.assistee_par) == (
        EtatManquement.AVIS_RENDU, tenue_le, "Une amie"
    )  # fmt: skip
    assert (manquement.avis.sens, manquement.avis.taux, manquement.avis.duree) == ("favorable", taux, 2)


def _decider_notifier_transmettre(suivi: Suivi, manquement: Manquement, taux: int) -> DecisionSanction:
    """Hors de la grille, refusé ; dans la grille, décidé, notifié, reçu, et la caisse le sait."""
    premiere = _premiere()
    assert premiere.duree_max is not None
    for hors, duree in ((29, 1), (30, premiere.duree_max + 1)):
        with pytest.raises(SanctionRefuseeError):
            suivi.decider(manquement, regle=premiere, taux=hors, duree=duree)
    decision = suivi.decider(manquement, regle=premiere, taux=taux, duree=2)
    decision = notifier_decision(decision, **qui(suivi.decideur))
    assert decision.lettre is not None
    assert decision.debut == debut_habituel(timezone.localdate())
    suivi.calendrier.passer(4)
    decision = constater_reception_decision(decision, **suivi.instructeur, recu_le=timezone.localdate())
    [transmission] = produire_transmission(**suivi.instructeur)
    assert transmission.lettre is not None
    assert transmission.lignes.get().montant_prevu == (TRENTE_POUR_CENT if taux == 30 else DROIT)
    assert produire_transmission(**suivi.instructeur) == [], "la caisse ne l'apprend pas deux fois"
    assert _ecart().constat == Constat.ATTENTE
    return decision


def _reduction(decision: DecisionSanction, montant: Decimal) -> tuple[Decimal, date, date]:
    """La retenue et ses jours, tels que la décision les a fixés à la caisse."""
    assert decision.periode is not None
    return montant, decision.periode.lower, decision.periode.upper - timedelta(days=1)


def _recevoir_le_premier_flux(
    suivi: Suivi, decision: DecisionSanction, *, reduction: Decimal | None = None, tout: bool = False
) -> None:
    """Le fichier de la fin du mois où la sanction commence, importé le jour où il arrive."""
    assert decision.debut is not None
    suivi.caisse.envoyer(
        suivi.calendrier.aller_au(decision.debut + relativedelta(day=31)),
        reduction=None if reduction is None else _reduction(decision, reduction),
        suspendue_le=decision.debut if tout else None,
    )


def _recevoir_le_flux_suivant(suivi: Suivi, *, encore: tuple[Decimal, date, date] | None = None) -> None:
    suivi.caisse.envoyer(suivi.calendrier.aller_au(timezone.localdate() + relativedelta(day=31)), reduction=encore)


def _se_mettre_en_regle(suivi: Suivi, decision: DecisionSanction) -> None:
    """Cinq jours plus tard, la personne est venue : la sanction s'arrête ce jour-là, et la caisse l'apprend."""
    en_regle = suivi.calendrier.passer(5)
    levee = lever_sanction(decision, **qui(suivi.decideur), le=en_regle, motif="en_regle")
    assert (levee.etat, levee.periode.upper if levee.periode else None) == (EtatDecision.LEVEE, en_regle)
    assert levee.lettre_levee is not None
    [transmission] = produire_transmission(**suivi.instructeur)
    assert transmission.lignes.get().objet == "lever"


def _premiere() -> RegleSanction:
    return regle("plein_emploi", "premiere")


def _ecart() -> Ecart:
    [ecart] = rapprocher()
    return ecart


def _actes(manquement: Manquement) -> list[str]:
    return list(
        Acte.objects.filter(code__startswith="manquements.manquement.", objet=manquement.public_id)
        .order_by("pk")
        .values_list("code", flat=True)
    )
