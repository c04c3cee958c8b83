"""Plusieurs professionnels, un seul coordinateur : suivis, fiches navettes, absences et remplacements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.absences import (
    absents_remplaces_par,
    enregistrer_absence,
    remplacant_de,
    terminer_absence,
)
from jalon.accompagnements.charge import charge_maximale, charge_referent, poser_temps
from jalon.accompagnements.models import (
    AbsenceAgent,
    Accompagnement,
    FicheNavette,
    MessageNavette,
    MotifAbsenceAgent,
    NatureMessage,
)
from jalon.accompagnements.navettes import clore_navette, ecrire_message, fiches_lisibles, ouvrir_navette
from jalon.accompagnements.passations import referent_actuel
from jalon.accompagnements.suivis import clore_suivi, ouvrir_suivi, suivis_de
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from tests.accompagnements.aides import jour, nommer, organisme_de
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire)
    nommer(personne, distribution.partenaire)
    return personne


@pytest.fixture
def plie() -> Organisme:
    return Organisme.objects.filter(type__categorie="plie").order_by("id")[0]


@pytest.fixture
def conseillere(distribution: Distribution, plie: Organisme) -> Agent:
    return distribution.agent("Rita", "referent_professionnel", organisme=plie)


@pytest.fixture
def collegue(distribution: Distribution) -> Agent:
    return distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))


def qui(agent: Agent) -> dict[str, Any]:
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


def voit(agent: Agent, personne: Personne) -> bool:
    with web_role(Perimetre.de(agent).reglages()):
        return Personne.objects.filter(pk=personne.pk).exists()


class TestSuivis:
    def test_le_referent_ouvre_le_dossier_a_un_autre_organisme(
        self, distribution: Distribution, personne: Personne, plie: Organisme, conseillere: Agent
    ) -> None:
        """Sous la sécurité par ligne : son organisme ne lit pas les suivis des autres, l'acte s'accomplit pourtant."""
        assert not voit(conseillere, personne)
        with web_role(Perimetre.de(distribution.partenaire).reglages()):
            ouvrir_suivi(personne, organisme=plie, objet="Recherche d'emploi", **qui(distribution.partenaire))
            assert {s.organisme for s in suivis_de(personne)} == {plie, organisme_de(distribution.partenaire)}
        assert voit(conseillere, personne)

    def test_refuse_sans_objet(self, distribution: Distribution, personne: Personne, plie: Organisme) -> None:
        with pytest.raises(JalonError, match="pourquoi cet organisme"):
            ouvrir_suivi(personne, organisme=plie, objet=" ", **qui(distribution.partenaire))

    def test_refuse_a_qui_suit_sans_coordonner(
        self, distribution: Distribution, personne: Personne, plie: Organisme, conseillere: Agent
    ) -> None:
        ouvrir_suivi(personne, organisme=plie, objet="Emploi", **qui(distribution.partenaire))
        with pytest.raises(DroitManquantError, match="règle qui la suit"):
            ouvrir_suivi(personne, organisme=distribution.organisme("association"), objet="Aide", **qui(conseillere))

    def test_refuse_deux_suivis_du_meme_organisme(
        self, distribution: Distribution, personne: Personne, plie: Organisme
    ) -> None:
        ouvrir_suivi(personne, organisme=plie, objet="Emploi", **qui(distribution.partenaire))
        with pytest.raises(TransitionRefuseeError, match="suit déjà"):
            ouvrir_suivi(personne, organisme=plie, objet="Mobilité", **qui(distribution.partenaire))

    def test_un_organisme_finit_son_propre_suivi(
        self, distribution: Distribution, personne: Personne, plie: Organisme, conseillere: Agent
    ) -> None:
        suivi = ouvrir_suivi(personne, organisme=plie, objet="Emploi", **qui(distribution.partenaire))
        clos = clore_suivi(suivi, motif="Emploi trouvé", **qui(conseillere))
        assert clos.periode == DateRange(jour(), jour() + timedelta(days=1))

    def test_refuse_de_clore_celui_du_referent(self, distribution: Distribution, personne: Personne) -> None:
        suivi = Accompagnement.objects.get(personne=personne)
        with pytest.raises(TransitionRefuseeError, match="passez d'abord le relais"):
            clore_suivi(suivi, motif="Fin", **qui(distribution.partenaire))


class TestNavettes:
    @pytest.fixture
    def fiche(self, distribution: Distribution, personne: Personne, plie: Organisme) -> FicheNavette:
        """Un agent du territoire écrit au PLIE."""
        ouvrir_suivi(personne, organisme=plie, objet="Emploi", **qui(distribution.orienteur))
        return ouvrir_navette(
            personne, objet="Garde d'enfant", texte="Une place est-elle prévue ?", organismes=[plie],
            **qui(distribution.orienteur),
        )  # fmt: skip

    def lue(self, agent: Agent, fiche: FicheNavette, *, filtre: bool) -> bool:
        perimetre = Perimetre.de(agent)
        with web_role(perimetre.reglages()):
            fiches = fiches_lisibles(perimetre) if filtre else FicheNavette.objects.all()
            messages = MessageNavette.objects.filter(fiche=fiche.pk).exists()
            vue = fiches.filter(pk=fiche.pk).exists()
        assert filtre or messages == vue
        return vue

    @pytest.mark.parametrize("filtre", [True, False], ids=["par le filtre", "par la muraille seule"])
    def test_seuls_la_lisent_ceux_qui_en_ont_besoin(
        self, distribution: Distribution, fiche: FicheNavette, conseillere: Agent, collegue: Agent, filtre: bool
    ) -> None:
        """Auteur, destinataire, référent ; ni le collègue du même territoire, ni le siège, ni un collègue du référent."""
        lecteurs = {
            agent
            for agent in (
                distribution.orienteur, distribution.collegue, distribution.partenaire, distribution.siege,
                distribution.etrangere, conseillere, collegue,
            )
            if self.lue(agent, fiche, filtre=filtre)
        }  # fmt: skip
        assert lecteurs == {distribution.orienteur, conseillere, distribution.partenaire}

    def test_le_remplacant_du_referent_la_lit(
        self, distribution: Distribution, fiche: FicheNavette, collegue: Agent
    ) -> None:
        enregistrer_absence(
            distribution.partenaire, du=jour(), au=None, motif=MotifAbsenceAgent.CONGES, remplacant=collegue,
            **qui(distribution.siege),
        )  # fmt: skip
        assert self.lue(collegue, fiche, filtre=True)
        assert self.lue(collegue, fiche, filtre=False)

    def test_qui_ne_suit_plus_la_personne_ne_la_lit_plus(
        self, distribution: Distribution, fiche: FicheNavette, conseillere: Agent, plie: Organisme
    ) -> None:
        Accompagnement.objects.filter(organisme=plie).update(periode=DateRange(jour(9), jour(1)))
        assert not self.lue(conseillere, fiche, filtre=True)
        assert not self.lue(conseillere, fiche, filtre=False)

    def test_refuse_d_ecrire_dans_la_fiche_d_un_autre(self, distribution: Distribution, fiche: FicheNavette) -> None:
        intrus = distribution.collegue
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            web_role(Perimetre.de(intrus).reglages()),
            transaction.atomic(),
        ):
            MessageNavette.objects.create(fiche_id=fiche.pk, nature="information", auteur_id=intrus.pk, texte="Bonjour")

    def test_refuse_un_destinataire_qui_ne_suit_pas(
        self, distribution: Distribution, personne: Personne, plie: Organisme
    ) -> None:
        with pytest.raises(JalonError, match="ne suit pas cette personne"):
            ouvrir_navette(personne, objet="Garde", texte="Bonjour", organismes=[plie], **qui(distribution.partenaire))

    def test_un_entretien_mene_ensemble_a_sa_date(
        self, distribution: Distribution, fiche: FicheNavette, conseillere: Agent
    ) -> None:
        with pytest.raises(JalonError, match="date de l'entretien"):
            ecrire_message(fiche, nature=NatureMessage.ENTRETIEN, texte="Vu ensemble", **qui(conseillere))
        note = ecrire_message(
            fiche, nature=NatureMessage.ENTRETIEN, texte="Vu ensemble", entretien_le=jour(), participants="Le référent",
            **qui(conseillere),
        )  # fmt: skip
        assert (note.entretien_le, note.participants) == (jour(), "Le référent")

    def test_une_fiche_close_ne_recoit_plus_rien(
        self, distribution: Distribution, fiche: FicheNavette, conseillere: Agent
    ) -> None:
        clore_navette(fiche, **qui(conseillere))
        with pytest.raises(TransitionRefuseeError, match="close"):
            ecrire_message(fiche, nature=NatureMessage.REPONSE, texte="Oui", **qui(distribution.orienteur))


class TestAbsences:
    def noter(self, agent: Agent, par: Agent, **plus: Any) -> AbsenceAgent:
        valeurs: dict[str, Any] = {"du": jour(), "au": jour() + timedelta(days=6), "motif": MotifAbsenceAgent.CONGES}
        return enregistrer_absence(agent, **{**valeurs, **plus}, **qui(par))

    def test_le_remplacant_repond_et_le_referent_ne_change_pas(
        self, distribution: Distribution, personne: Personne, collegue: Agent
    ) -> None:
        absence = self.noter(distribution.partenaire, distribution.partenaire, remplacant=collegue)
        assert absents_remplaces_par(collegue, jour()) == [absence]
        designation = referent_actuel(personne)
        assert designation is not None
        assert designation.agent == distribution.partenaire
        assert remplacant_de(designation, jour()) == absence
        assert remplacant_de(designation, jour() + timedelta(days=7)) is None

    def test_refuse_un_remplacant_d_un_autre_organisme(self, distribution: Distribution, conseillere: Agent) -> None:
        with pytest.raises(JalonError, match="même organisme"):
            self.noter(distribution.partenaire, distribution.siege, remplacant=conseillere)

    def test_refuse_a_un_collegue(self, distribution: Distribution, collegue: Agent) -> None:
        with pytest.raises(DroitManquantError):
            self.noter(distribution.partenaire, collegue)

    def test_refuse_deux_absences_aux_memes_dates(self, distribution: Distribution) -> None:
        self.noter(distribution.partenaire, distribution.siege)
        with pytest.raises(TransitionRefuseeError, match="déjà notée"):
            self.noter(distribution.partenaire, distribution.siege, du=jour() + timedelta(days=3))

    def test_de_retour(self, distribution: Distribution) -> None:
        absence = self.noter(distribution.partenaire, distribution.siege, du=jour(3))
        assert terminer_absence(absence, **qui(distribution.partenaire)).periode == DateRange(jour(3), jour())
        with pytest.raises(TransitionRefuseeError, match="déjà terminée"):
            terminer_absence(absence, **qui(distribution.partenaire))


def test_la_limite_suit_le_temps_du_referent(distribution: Distribution) -> None:
    poser_temps(distribution.partenaire, part=50, **qui(distribution.siege))
    assert charge_maximale(distribution.partenaire, jour()) == 40
    assert charge_maximale(distribution.partenaire, jour(1)) == 80
    poser_temps(distribution.partenaire, part=80, **qui(distribution.siege))
    assert charge_maximale(distribution.partenaire, jour()) == 64


def test_la_charge_se_compte_en_entier_sous_la_securite_par_ligne(
    distribution: Distribution, personne: Personne
) -> None:
    """Une personne suivie ailleurs compte : deux territoires ne remplissent pas deux fois le même portefeuille."""
    nommer(une_allocataire(territoire=distribution.autre_territoire), distribution.partenaire)
    with web_role(Perimetre.de(distribution.orienteur).reglages()):
        assert charge_referent(distribution.partenaire, jour()) == 2
        with connection.cursor() as curseur:
            curseur.execute("select current_setting('jalon.tout', true), current_setting('jalon.effets', true)")
            assert curseur.fetchone() == ("", "")
