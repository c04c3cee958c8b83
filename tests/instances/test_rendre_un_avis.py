"""Inscrire, délibérer et clore devant une instance qui donne un avis : ce que chaque acte fait et refuse (R60-R64)."""

from __future__ import annotations

import io
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, LectureContrat
from jalon.documents.models import Document, Envoi
from jalon.documents.services import lire_document
from jalon.instances.auditions import convoquer_personnes, fixer_passages, noter_venue
from jalon.instances.avis import Proposition, statuer_avis
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre
from jalon.instances.examen import ajourner_dossier
from jalon.instances.models import AvisDossier, DossierSeance, EtatDossierSeance, PresenceSeance, Seance
from jalon.instances.ordre_du_jour import inscrire_dossiers
from jalon.instances.saisines import inscrire_manquements, inscrire_saisines
from jalon.instances.seances import annuler_seance, modifier_seance
from jalon.instances.selectors import manquements_a_examiner
from jalon.manquements.legalite import regles_possibles
from jalon.manquements.models import AvisManquement, EtatManquement, Manquement, RegleSanction
from jalon.orientations.models import AttenteOrientation, DemandeReorientation, EtatReorientation, TypeOrientation
from jalon.personnes.fusion import reunir
from jalon.rendezvous.models import RendezVous
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.fabriques import un_contrat, une_decision
from tests.instances.plateau import Plateau
from tests.instances.plateau_avis import PlateauAvis

pytestmark = pytest.mark.django_db
TEXTE = "Aucun motif n'a été donné."


@pytest.fixture
def ep(distribution: Any) -> PlateauAvis:
    return PlateauAvis(distribution)


def statuer(
    ep: PlateauAvis, dossier: DossierSeance, sens: str = "defavorable", *, acteur: Any = None, **dit: Any
) -> DossierSeance:
    agent = acteur or ep.presidente
    return statuer_avis(
        dossier, acteur=agent, perimetre=Perimetre.de(agent),
        proposition=Proposition(sens, **{"texte": TEXTE, **dit}),
    )  # fmt: skip


def clore(ep: PlateauAvis, seance: Seance) -> Seance:
    return clore_seance(seance, acteur=ep.presidente, perimetre=Perimetre.de(ep.presidente))


def texte(reference: Any) -> str:
    octets = lire_document(Document.objects.get(public_id=reference))
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(octets)).pages).split())


def regle(manquement: Manquement, nature: str = "suspension") -> RegleSanction:
    return next(r for r in regles_possibles(manquement, timezone.localdate()) if r.nature == nature)


class TestInscrire:
    def test_inscrit_en_nombre_avec_ses_pieces_et_son_theme(self, ep: PlateauAvis) -> None:
        seance = ep.preparee([ep.procedure(), ep.procedure()])
        dossiers = ep.dossiers(seance)
        assert [d.theme.code for d in dossiers] == ["suspension", "suspension"]
        assert [p["code"] for p in dossiers[0].pieces] == [
            "expose", "contact", "avertissement", "observations", "contrat"
        ]  # fmt: skip
        assert AvisDossier.objects.filter(sens="").count() == 2

    def test_refuse_une_procedure_dont_le_delai_court(self, ep: PlateauAvis) -> None:
        finie = ep.procedure()
        en_cours = ep.procedure(recu_le=timezone.localdate() - timedelta(days=3))
        seance = ep.preparee([])
        assert [m.pk for m in manquements_a_examiner(Perimetre.de(ep.secretaire), seance)] == [finie.pk]
        Manquement.objects.filter(pk=en_cours.pk).update(reponse_le=timezone.localdate())
        assert manquements_a_examiner(Perimetre.de(ep.secretaire), seance).count() == 2, "elle a répondu"

    @pytest.mark.parametrize("champ", ["service_en_cause", "motif_legitime"])
    def test_refuse_ce_qui_doit_se_classer(self, ep: PlateauAvis, champ: str) -> None:
        procedure = ep.procedure()
        Manquement.objects.filter(pk=procedure.pk).update(**{champ: True})
        with pytest.raises(JalonError, match="n'est à inscrire"):
            ep.preparee([procedure])

    def test_une_fraude_va_au_theme_de_l_amende(self, ep: PlateauAvis) -> None:
        procedure = ep.procedure()
        procedure.motif.fraude = True
        procedure.motif.save()
        assert ep.dossiers(ep.preparee([procedure]))[0].theme.code == "amende"

    def test_une_personne_peut_etre_en_orientation_et_en_avis_mais_une_fois_par_nature(
        self, ep: PlateauAvis, distribution: Any
    ) -> None:
        procedure = ep.procedure()
        orientation = Plateau(distribution)
        AttenteOrientation.objects.create(
            personne=procedure.personne, motif="nouvel_entrant", territoire=distribution.territoire,
            entree_le=timezone.localdate(), echeance=timezone.localdate(),
            dossier=procedure.personne.soumissions.order_by("pk")[0].dossier,
        )  # fmt: skip
        ep.preparee([procedure])
        # La présidente de l'équipe pluridisciplinaire tient déjà ce prénom : l'équipe d'orientation n'a pas de membre.
        orientation.__dict__["sieges"] = {}
        seance = orientation.preparee([procedure.personne])
        assert seance.dossiers.count() == 1
        ailleurs = PlateauAvis(distribution, "comite_lecture").instance
        autre = Seance.objects.create(
            instance=ailleurs, numero=1, date=timezone.localdate(), heure=time(9), lieu="Mairie"
        )
        theme = ailleurs.type.themes.get()
        with pytest.raises(IntegrityError, match="dossier_dans_une_seule_seance"), transaction.atomic():
            DossierSeance.objects.create(seance=autre, personne=procedure.personne, theme=theme, rang=1, nature="avis")

    def test_refuse_une_attente_d_orientation(self, ep: PlateauAvis) -> None:
        seance = ep.preparee([])
        qui: dict[str, Any] = {"acteur": ep.secretaire, "perimetre": Perimetre.de(ep.secretaire)}
        with pytest.raises(JalonError, match="n'examine pas ce genre de dossier"):
            inscrire_dossiers(seance, **qui, attentes=[])

    def test_refuse_a_qui_ne_prepare_pas(self, ep: PlateauAvis) -> None:
        seance = ep.preparee([])
        with pytest.raises(DroitManquantError):
            inscrire_manquements(seance, acteur=ep.membre, perimetre=Perimetre.de(ep.membre), manquements=[])

    def test_autant_de_requetes_pour_2_et_12_procedures(self, ep: PlateauAvis) -> None:
        seance, qui = ep.preparee([]), {"acteur": ep.secretaire, "perimetre": Perimetre.de(ep.secretaire)}
        ecritures = []
        for nombre in (2, 12):
            cles = [ep.procedure().public_id for _ in range(nombre)]
            with CaptureQueriesContext(connection) as lues:
                assert len(inscrire_manquements(seance, **qui, manquements=cles)) == nombre
            ecritures.append(len(lues))
        assert ecritures[0] == ecritures[1]

    def test_deux_dossiers_reunis_ne_gardent_qu_une_inscription(self, ep: PlateauAvis) -> None:
        gardee, double = ep.procedure(), ep.procedure()
        ep.preparee([gardee, double])
        Manquement.objects.filter(pk=double.pk).update(
            etat="classe", clos_le=timezone.localdate(), motif_classement="erreur"
        )
        reunir(gardee.personne, double.personne, jour=timezone.localdate())
        vivants = DossierSeance.objects.filter(personne=gardee.personne, etat="inscrit")
        assert vivants.count() == 1


class TestStatuer:
    def test_rien_n_est_porte_avant_la_cloture(self, ep: PlateauAvis) -> None:
        procedure = ep.procedure()
        seance = ep.ouverte([procedure])
        [dossier] = ep.dossiers(seance)
        statuer(ep, dossier, "favorable", regle=regle(procedure), taux=50, duree=1)
        assert not AvisManquement.objects.exists()
        clore(ep, seance)
        avis = AvisManquement.objects.get()
        assert (avis.sens, avis.vote, avis.nature, avis.taux, avis.duree) == (
            "favorable", "unanime", "suspension", 50, 1
        )  # fmt: skip
        assert (avis.seance, avis.rendu_le) == (seance.public_id, timezone.localdate())
        procedure.refresh_from_db()
        assert procedure.etat == EtatManquement.AVIS_RENDU
        assert procedure.instance_convoquee_le == timezone.localdate()
        assert ep.dossiers(seance)[0].etat == EtatDossierSeance.APPLIQUE

    @pytest.mark.parametrize(
        ("dit", "phrase"),
        [
            ({"sens": "favorable", "texte": ""}, "se motive"),
            ({"sens": ""}, "favorable, défavorable ou partagé"),
            ({"sens": "partage"}, "voix se partagent"),
            ({"sens": "favorable", "vote": "partage"}, "voix se partagent"),
            ({"sens": "favorable", "voix_pour": 3}, "ou aucune des deux"),
            ({"sens": "favorable", "vote": "majoritaire", "voix_pour": 1, "voix_contre": 3}, "avis défavorable"),
            ({"sens": "favorable", "voix_pour": 3, "voix_contre": 1}, "n'est pas unanime"),
            ({"sens": "favorable", "taux": 50}, "Choisissez la règle"),
        ],
    )
    def test_refuse_un_avis_incoherent(self, ep: PlateauAvis, dit: dict[str, Any], phrase: str) -> None:
        [dossier] = ep.dossiers(ep.ouverte([ep.procedure()]))
        with pytest.raises(JalonError, match=phrase):
            statuer(ep, dossier, **dit)

    def test_refuse_une_sanction_hors_de_la_grille(self, ep: PlateauAvis) -> None:
        procedure = ep.procedure()
        [dossier] = ep.dossiers(ep.ouverte([procedure]))
        suspension = regle(procedure)
        assert suspension.taux_min is not None
        with pytest.raises(JalonError, match="hors de la grille"):
            statuer(ep, dossier, "favorable", regle=suspension, taux=suspension.taux_min - 1, duree=1)
        with pytest.raises(JalonError, match="hors de la grille"):
            statuer(ep, dossier, "favorable", regle=suspension, taux=50, duree=36)
        with pytest.raises(JalonError, match="ne vaut pas pour ce dossier"):
            statuer(ep, dossier, "favorable", regle=RegleSanction.objects.get(code="amende", regime__code="rsa"))
        with pytest.raises(JalonError, match="Seul un avis favorable"):
            statuer(ep, dossier, "defavorable", regle=suspension, taux=50, duree=1)

    def test_un_service_en_cause_ne_donne_pas_d_avis_favorable(self, ep: PlateauAvis) -> None:
        procedure = ep.procedure()
        [dossier] = ep.dossiers(ep.ouverte([procedure]))
        RendezVous.objects.filter(personne=procedure.personne).update(etat="honore")
        with pytest.raises(TransitionRefuseeError, match="service est en cause"):
            statuer(ep, dossier, "favorable")
        statuer(ep, dossier, "defavorable")

    @pytest.mark.parametrize("sens", ["favorable", "defavorable"])
    def test_un_tort_apparu_avant_la_cloture_met_a_revoir_l_avis_favorable(self, ep: PlateauAvis, sens: str) -> None:
        """Des deux procédures, une seule voit son rendez-vous noté honoré après l'avis : l'autre s'applique."""
        fautive, saine = ep.procedure(), ep.procedure()
        seance = ep.ouverte([fautive, saine])
        for dossier in ep.dossiers(seance):
            statuer(ep, dossier, sens)
        RendezVous.objects.filter(personne=fautive.personne).update(etat="honore")
        clore(ep, seance)
        sortis = {d.personne_id: d for d in ep.dossiers(seance)}
        assert sortis[saine.personne_id].etat == EtatDossierSeance.APPLIQUE
        sorti = sortis[fautive.personne_id]
        fautive.refresh_from_db()
        assert fautive.service_en_cause
        if sens == "favorable":
            assert (sorti.etat, fautive.etat) == (EtatDossierSeance.A_REVOIR, EtatManquement.AVERTI)
            assert "Le service est en cause" in sorti.motif
            file = manquements_a_examiner(Perimetre.de(ep.secretaire), seance)
            assert not file.exists(), "elle se classe : elle ne revient pas en séance"
            Manquement.objects.filter(pk=fautive.pk).update(service_en_cause=False)
            assert list(file.all()) == [fautive]
        else:
            assert (sorti.etat, fautive.etat) == (EtatDossierSeance.APPLIQUE, EtatManquement.AVIS_RENDU)

    def test_un_avis_partage_est_garde_comme_tel(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        statuer(ep, ep.dossiers(seance)[0], "partage", vote="partage", voix_pour=2, voix_contre=2)
        clore(ep, seance)
        assert (AvisManquement.objects.get().sens, AvisManquement.objects.get().vote) == ("partage", "partage")

    def test_la_recidive_demande_la_majorite_des_membres(self, ep: PlateauAvis) -> None:
        [dossier] = ep.dossiers(ep.ouverte([ep.procedure()]))
        dossier.theme.majorite = "absolue"
        dossier.theme.save()
        with pytest.raises(JalonError, match="comptez les voix"):
            statuer(ep, dossier, "favorable", vote="majoritaire")
        with pytest.raises(JalonError, match="2 voix n'y suffisent pas"):
            statuer(ep, dossier, "favorable", vote="majoritaire", voix_pour=2, voix_contre=1)
        statuer(ep, dossier, "favorable", vote="majoritaire", voix_pour=3, voix_contre=1)

    def test_refuse_sans_representant_des_beneficiaires(self, ep: PlateauAvis) -> None:
        """Ni pour former l'avis, ni pour clore si la feuille, corrigée, dit que personne n'était là pour eux."""
        seance = ep.ouverte([ep.procedure()], presents=("presidence", "membre", "caf", "pole_emploi", "representant"))
        feuille = PresenceSeance.objects.filter(seance=seance, membre=ep.sieges["representant"])
        feuille.update(etat="absent")
        with pytest.raises(TransitionRefuseeError, match="Représentant des bénéficiaires"):
            statuer(ep, ep.dossiers(seance)[0])
        feuille.update(etat="present")
        statuer(ep, ep.dossiers(seance)[0])
        feuille.update(etat="absent")
        with pytest.raises(TransitionRefuseeError, match="Représentant des bénéficiaires"):
            clore(ep, seance)

    def test_une_procedure_classee_entre_temps_est_a_revoir(self, ep: PlateauAvis) -> None:
        un, deux = ep.procedure(), ep.procedure()
        seance = ep.ouverte([un, deux])
        for dossier in ep.dossiers(seance):
            statuer(ep, dossier)
        Manquement.objects.filter(pk=un.pk).update(
            etat="classe", clos_le=timezone.localdate(), motif_classement="en_regle"
        )
        clore(ep, seance)
        assert sorted(d.etat for d in ep.dossiers(seance)) == ["a_revoir", "applique"]
        assert AvisManquement.objects.get().manquement == deux

    def test_ajourner_efface_l_avis(self, ep: PlateauAvis) -> None:
        [dossier] = ep.dossiers(ep.ouverte([ep.procedure()]))
        statuer(ep, dossier)
        ajourner_dossier(
            dossier, acteur=ep.presidente, perimetre=Perimetre.de(ep.presidente), motif="Entendre la personne"
        )
        assert AvisDossier.objects.get().sens == ""

    def test_sql_refuse_une_sanction_sans_avis_favorable(self, ep: PlateauAvis) -> None:
        procedure = ep.procedure()
        ep.preparee([procedure])
        with pytest.raises(IntegrityError, match="avis_dossier_sanction_si_favorable"), transaction.atomic():
            AvisDossier.objects.update(nature="suspension", regle=regle(procedure), taux=50, duree=1)
        with pytest.raises(IntegrityError, match="avis_dossier_un_seul_objet"), transaction.atomic():
            AvisDossier.objects.update(manquement=None)


class TestEntendre:
    def demandee(self, ep: PlateauAvis) -> Manquement:
        procedure = ep.procedure()
        Manquement.objects.filter(pk=procedure.pk).update(demande_audition=True, reponse_le=timezone.localdate())
        return procedure

    def test_de_l_heure_de_passage_a_l_avis(self, ep: PlateauAvis) -> None:
        procedures = [self.demandee(ep), self.demandee(ep)]
        seance = ep.preparee(procedures, jour=timezone.localdate() + timedelta(days=40))
        qui: dict[str, Any] = {"acteur": ep.secretaire, "perimetre": Perimetre.de(ep.secretaire)}
        fixer_passages(seance, **qui, premier=time(9, 30), minutes=20)
        assert [d.passage_a for d in ep.dossiers(seance)] == [time(9, 30), time(9, 50)]
        assert len(convoquer_personnes(seance, **qui)) == 2
        procedures[0].refresh_from_db()
        assert procedures[0].audition_proposee_le == seance.date
        assert "Salle des fêtes" in texte(ep.dossiers(seance)[0].convocation.public_id)
        with pytest.raises(JalonError, match="Personne n'est à convoquer"):
            convoquer_personnes(seance, **qui)

    def test_refuse_l_avis_tant_que_la_personne_n_est_pas_convoquee(self, ep: PlateauAvis) -> None:
        procedure = self.demandee(ep)
        [dossier] = ep.dossiers(ep.ouverte([procedure]))
        with pytest.raises(TransitionRefuseeError, match="R61"):
            statuer(ep, dossier)
        noter_venue(dossier, acteur=ep.presidente, perimetre=Perimetre.de(ep.presidente), assistee_par="Sa sœur")
        procedure.refresh_from_db()
        assert (procedure.entendue_le, procedure.assistee_par) == (timezone.localdate(), "Sa sœur")
        statuer(ep, dossier)

    def convoquee_pour_plus_tard(self, ep: PlateauAvis) -> tuple[Manquement, Seance, dict[str, Any]]:
        procedure = self.demandee(ep)
        seance = ep.preparee([procedure], jour=timezone.localdate() + timedelta(days=40))
        qui: dict[str, Any] = {"acteur": ep.secretaire, "perimetre": Perimetre.de(ep.secretaire)}
        fixer_passages(seance, **qui, premier=time(9, 30), minutes=20)
        convoquer_personnes(seance, **qui)
        return procedure, seance, qui

    def test_une_audition_annulee_par_la_seance_reste_due(self, ep: PlateauAvis) -> None:
        procedure, seance, qui = self.convoquee_pour_plus_tard(ep)
        procedure.refresh_from_db()
        assert procedure.audition_proposee_le == seance.date
        annuler_seance(seance, **qui, motif="Neige")
        procedure.refresh_from_db()
        assert procedure.audition_proposee_le is None
        lettre = Document.objects.get(nature="annulation_audition")
        assert lettre.personne == procedure.personne.public_id

    def test_refuse_de_deplacer_une_seance_ou_des_personnes_sont_convoquees(self, ep: PlateauAvis) -> None:
        _, seance, qui = self.convoquee_pour_plus_tard(ep)
        with pytest.raises(TransitionRefuseeError, match="déjà convoquées"):
            modifier_seance(seance, **qui, jour=seance.date + timedelta(days=1), heure=time(9), lieu="Mairie")

    def test_refuse_de_noter_une_audition_a_un_membre(self, ep: PlateauAvis) -> None:
        [dossier] = ep.dossiers(ep.ouverte([self.demandee(ep)]))
        with pytest.raises(DroitManquantError):
            noter_venue(dossier, acteur=ep.membre, perimetre=Perimetre.de(ep.membre))


class TestAutresSaisines:
    def test_les_deux_sens_de_reorientation_ont_chacun_leur_theme(self, ep: PlateauAvis) -> None:
        decision = une_decision(ep.d)
        demande = DemandeReorientation.objects.create(
            personne=decision.personne, decision=decision, demandee_par=ep.d.partenaire,
            demandee_le=timezone.localdate(), argumentaire="Prête à l'emploi",
            type_souhaite=TypeOrientation.objects.exclude(sphere="sociale").order_by("pk")[0],
        )  # fmt: skip
        seance = ep.ouverte([], demandes=[demande.public_id])
        [dossier] = ep.dossiers(seance)
        assert dossier.theme.code == "vers_pro"
        with pytest.raises(JalonError, match="départagez-vous"):
            statuer(ep, dossier, "partage", vote="partage")
        statuer(ep, dossier, "favorable", texte="")
        clore(ep, seance)
        demande.refresh_from_db()
        assert (demande.etat, demande.avis) == (EtatReorientation.AVIS_RENDU, "favorable")
        assert f"séance n° {seance.numero}" in demande.avis_texte

    def test_le_comite_de_lecture_rend_son_avis_sur_un_contrat(self, distribution: Any) -> None:
        comite = PlateauAvis(distribution, "comite_lecture")
        contrat: Contrat = un_contrat(distribution, etat="en_lecture", debut=timezone.localdate())
        LectureContrat.objects.create(
            contrat=contrat, raison="Situation complexe", demandee_le=timezone.localdate(),
            demandee_par=distribution.siege,
        )  # fmt: skip
        siege = comite.d.siege
        commun: dict[str, Any] = {"acteur": siege, "perimetre": Perimetre.de(siege)}
        chef = nommer_membre(comite.instance, qualite=comite.qualite("chef_service"), agent=comite.presidente, **commun)
        autres = [
            nommer_membre(comite.instance, qualite=comite.qualite("referent"), nom_externe=f"Membre {n}", **commun)
            for n in (1, 2)
        ]
        comite.__dict__["sieges"] = {"presidence": chef, "un": autres[0], "deux": autres[1]}
        seance = comite.ouverte([], presents=("presidence", "un", "deux"), contrats=[contrat.public_id])
        statuer(comite, comite.dossiers(seance)[0], "favorable", texte="Objectifs atteignables")
        clore(comite, seance)
        contrat.refresh_from_db()
        lecture = LectureContrat.objects.get()
        assert contrat.etat == "recu"
        assert "Objectifs atteignables" in lecture.avis
        assert lecture.presents == "MDS, chef de service, Référent généraliste"


class TestPapiers:
    def test_les_convocations_partent_avec_l_ordre_du_jour_et_l_agenda(self, ep: PlateauAvis) -> None:
        ep.convoquee([ep.procedure()])
        envois = list(Envoi.objects.filter(canal="courriel").order_by("pk"))
        assert len(envois) == 4, "le représentant n'a pas de courriel"
        assert {e.joint.type_mime for e in envois} == {"text/calendar"}
        assert envois[0].joint.nom_fichier.endswith(".ics")
        assert b"BEGIN:VEVENT" in lire_document(envois[0].joint)

    def test_le_proces_verbal_et_sa_version_sans_les_noms(self, ep: PlateauAvis) -> None:
        procedure = ep.procedure(personne=None)
        procedure.personne.nom = "WATTRELOS"
        procedure.personne.save()
        seance = ep.ouverte([procedure])
        [dossier] = ep.dossiers(seance)
        noter_venue(dossier, acteur=ep.presidente, perimetre=Perimetre.de(ep.presidente), assistee_par="Sa sœur")
        statuer(
            ep, dossier, "favorable", regle=regle(procedure), taux=50, duree=1, vote="majoritaire", voix_pour=3,
            voix_contre=1,
        )  # fmt: skip
        seance = clore(ep, seance)
        lu, anonyme = texte(seance.pv), texte(seance.pv_anonyme)
        for attendu in ("Wattrelos", TEXTE, "50 %", "1 mois", "3 pour, 1 contre", "assistée par Sa sœur"):
            assert attendu in lu, attendu
        for cache in ("Wattrelos", TEXTE, "Sa sœur"):
            assert cache not in anonyme, cache
        assert "50 %" in anonyme


def test_refuse_une_personne_d_un_autre_territoire(ep: PlateauAvis) -> None:
    ailleurs = ep.procedure()
    ailleurs.personne.territoire = ep.d.autre_territoire
    ailleurs.personne.save()
    seance, siege = ep.preparee([]), ep.d.siege
    with pytest.raises(JalonError, match="n'est à inscrire"):
        inscrire_saisines(seance, acteur=siege, perimetre=Perimetre.de(siege), manquements=[ailleurs.public_id])
