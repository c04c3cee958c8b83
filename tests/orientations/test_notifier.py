"""Notifier une orientation : la lettre dit les cinq éléments ou n'existe pas ; le délai part d'une date certaine."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents import lots
from jalon.documents.composition import CourrierIncompletError
from jalon.documents.models import Document, Envoi, EtatLot, ModeleCourrier, TrancheLot, VersionModele
from jalon.documents.services import lire_document
from jalon.organismes.models import CategorieOrganisme
from jalon.orientations import notifications
from jalon.orientations.lettres import AdresseInsuffisanteError
from jalon.orientations.models import DecisionOrientation, ModeReception, NotificationOrientation
from jalon.orientations.notifications import (
    constater_depart_lot,
    constater_reception,
    decisions_a_notifier,
    echeance_contrat,
    executer_notifications,
    notifications_sans_reception,
    produire_notification,
    produire_notifications,
    reprendre_notifications,
)
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_decision

pytestmark = pytest.mark.django_db
JOUR = date(2026, 11, 3)
CINQ = ("type_orientation", "type_contrat", "delai_contrat", "sanctions", "voies_recours")


def texte(octets: bytes) -> str:
    lu = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(octets)).pages)
    return " ".join(lu.replace("\u200b", "").split())


def lettre(notification: NotificationOrientation) -> str:
    return texte(lire_document(Document.objects.get(public_id=notification.lettre)))


def copie(notification: NotificationOrientation) -> str:
    return texte(lire_document(Document.objects.get(public_id=notification.copie)))


@pytest.fixture
def acteur(distribution: Distribution) -> Agent:
    return distribution.siege


@pytest.fixture
def outils(acteur: Agent) -> dict[str, Any]:
    return {"acteur": acteur, "perimetre": Perimetre.de(acteur), "jour": JOUR}


def decision_complete(distribution: Distribution, **champs: Any) -> DecisionOrientation:
    distribution.partenaire.telephone = "03 21 00 00 11"
    distribution.partenaire.save()
    return une_decision(
        distribution, nom="LEFÈVRE", prenom="ÉLODIE", referent=distribution.partenaire,
        correspondant=distribution.orienteur, **champs,
    )  # fmt: skip


class TestLaLettre:
    def test_dit_les_cinq_elements_et_qui_appeler(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        decision = decision_complete(distribution)
        dite = lettre(produire_notification(decision, **outils))
        for attendu in (
            "Madame Élodie LEFÈVRE 12 RUE DES LILAS 62000 ARRAS",
            f"Type d'orientation : {decision.type.libelle}",
            f"Type de contrat : {parametres.mot(decision.type.contrat).singulier}",
            "Délai pour le conclure : deux mois, à partir du jour où vous recevez cette lettre",
            "peut être suspendu, en tout ou en partie, si sans motif légitime",
            "Vous avez deux mois à partir du jour où vous recevez cette lettre",
            f"Organisme qui vous accompagne : {decision.organisme.libelle}",
            f"tout au long du parcours : {distribution.partenaire}",
            f"03 21 00 00 11 ou {distribution.partenaire.email}",
            f"Votre correspondant au Département : {distribution.orienteur}",
        ):
            assert attendu in dite, attendu

    def test_invite_aux_demarches_quand_l_organisme_est_celui_de_l_emploi(
        self, distribution: Distribution, outils: dict[str, Any]
    ) -> None:
        emploi = distribution.organisme(CategorieOrganisme.FRANCE_TRAVAIL)
        dite = lettre(produire_notification(une_decision(distribution, organisme=emploi), **outils))
        assert "Nous vous invitons à faire les démarches obligatoires" in dite

    def test_ne_l_invite_pas_ailleurs(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        assert "démarches obligatoires" not in lettre(produire_notification(une_decision(distribution), **outils))

    def test_ne_dit_rien_de_la_sante(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        decision = une_decision(distribution, precision="Suivi psychiatrique")
        notification = produire_notification(decision, **outils)
        assert "psychiatrique" not in lettre(notification) + copie(notification)

    def test_la_copie_nomme_la_personne_et_le_correspondant(
        self, distribution: Distribution, outils: dict[str, Any]
    ) -> None:
        dite = copie(produire_notification(decision_complete(distribution), **outils))
        assert "Élodie Lefèvre" in dite
        assert f"{distribution.orienteur} : {distribution.orienteur.email}" in dite

    def test_est_au_dossier_avec_son_envoi_et_sa_trace(
        self, distribution: Distribution, outils: dict[str, Any]
    ) -> None:
        decision = decision_complete(distribution)
        notification = produire_notification(decision, **outils)
        document = Document.objects.get(public_id=notification.lettre)
        assert document.personne == decision.personne.public_id
        assert document.version_modele.modele.code == "notification_orientation"
        assert Envoi.objects.get(document=document).destinataire.startswith("Madame Élodie LEFÈVRE — 12 RUE")
        assert Acte.objects.get(code=notifications.CODE).personnes == [decision.personne.public_id]

    @pytest.mark.parametrize("element", CINQ)
    def test_refuse_un_texte_qui_ne_cite_pas_un_element(
        self, distribution: Distribution, outils: dict[str, Any], element: str
    ) -> None:
        modele = ModeleCourrier.objects.get(code="notification_orientation")
        version = modele.versions.get()
        # Posé hors de l'acte, qui l'aurait refusé : la lettre se garde elle-même.
        VersionModele.objects.create(
            modele=modele, numero=2, objet=version.objet, corps=version.corps.replace(f"{{{element}}}", "")
        )
        with pytest.raises(CourrierIncompletError) as refus:
            produire_notification(une_decision(distribution), **outils)
        assert len(refus.value.manquants) == 1
        assert not NotificationOrientation.objects.exists()

    @pytest.mark.parametrize(
        ("parametre", "manque"),
        [("contrat.delai_cer_solidarite", "le délai de réalisation"), ("recours.delai", "les voies de recours")],
    )
    def test_refuse_une_lettre_dont_une_donnee_manque(
        self, distribution: Distribution, outils: dict[str, Any], parametre: str, manque: str
    ) -> None:
        Parametre.objects.filter(code=parametre).delete()
        parametres.oublier()
        try:
            with pytest.raises(CourrierIncompletError, match=manque):
                produire_notification(une_decision(distribution), **outils)
        finally:
            parametres.oublier()

    def test_refuse_une_adresse_ou_la_lettre_n_arriverait_pas(
        self, distribution: Distribution, outils: dict[str, Any]
    ) -> None:
        with pytest.raises(AdresseInsuffisanteError, match="sans voie ni lieu-dit"):
            produire_notification(une_decision(distribution, adresse={"voie": ""}), **outils)

    def test_se_remet_en_main_propre_sans_adresse(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        decision = une_decision(distribution, adresse={})
        notification = produire_notification(decision, **outils, en_main_propre=True)
        assert "(remise en main propre)" in lettre(notification)
        assert not Envoi.objects.filter(canal="courrier").exists()


class TestUneFois:
    def test_refuse_de_notifier_deux_fois_sans_dire_pourquoi(
        self, distribution: Distribution, outils: dict[str, Any]
    ) -> None:
        decision = une_decision(distribution)
        premiere = produire_notification(decision, **outils)
        with pytest.raises(TransitionRefuseeError, match="déjà été notifiée le 03/11/2026"):
            produire_notification(decision, **outils)
        seconde = produire_notification(decision, **outils, motif_remplacement="Adresse corrigée")
        assert seconde.remplace == premiere

    def test_la_base_refuse_deux_premieres_lettres(self, distribution: Distribution, acteur: Agent) -> None:
        decision = une_decision(distribution)
        NotificationOrientation.objects.create(decision=decision, produite_le=JOUR, produite_par=acteur)
        with pytest.raises(IntegrityError, match="notification_une_seule_premiere"), transaction.atomic():
            NotificationOrientation.objects.create(decision=decision, produite_le=JOUR, produite_par=acteur)

    def test_refuse_une_decision_annulee(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        decision = une_decision(distribution, annulee_le=JOUR, motif_annulation="Erreur", periode=DateRange(empty=True))
        with pytest.raises(TransitionRefuseeError, match="annulée le 03/11/2026"):
            produire_notification(decision, **outils)

    def test_refuse_une_decision_remplacee(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        decision = une_decision(distribution, periode=DateRange(date(2026, 11, 2), JOUR))
        with pytest.raises(TransitionRefuseeError, match="Une autre orientation a remplacé"):
            produire_notification(decision, **outils)

    def test_refuse_a_qui_n_en_a_pas_le_droit(self, distribution: Distribution) -> None:
        agent = distribution.partenaire
        with pytest.raises(DroitManquantError):
            produire_notification(une_decision(distribution), acteur=agent, perimetre=Perimetre.de(agent))


class TestEnNombre:
    @pytest.fixture(autouse=True)
    def _petites_tranches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lots, "TAILLE_TRANCHE", 2)

    def demander(self, outils: dict[str, Any]) -> Any:
        return produire_notifications(DecisionOrientation.objects.all(), **outils)

    def test_trie_par_code_postal_commune_et_nom(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        for nom, cp, commune in (
            ("ZOLA", "62000", "Arras"), ("BRUN", "62300", "Lens"), ("ABEL", "62000", "Arras"),
            ("CARO", "62000", "Achicourt"),
        ):  # fmt: skip
            une_decision(distribution, nom=nom, adresse={"code_postal": cp, "nom_commune": commune})
        lot = self.demander(outils)
        executer_notifications(lot.public_id)
        lot.refresh_from_db()
        assert (lot.etat, lot.fait, lot.total) == (EtatLot.TERMINE, 4, 4)
        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(lire_document(lot.planche))).pages]
        trouves = [
            (rang, nom) for rang, page in enumerate(pages) for nom in ("CARO", "ABEL", "ZOLA", "BRUN") if nom in page
        ]
        assert [nom for _, nom in trouves] == ["CARO", "ABEL", "ZOLA", "BRUN"]
        assert all(rang % 2 == 0 for rang, _ in trouves), "une lettre commence toujours au recto"
        assert not TrancheLot.objects.exists()

    def test_met_chaque_lettre_au_dossier_et_une_copie_par_organisme(
        self, distribution: Distribution, outils: dict[str, Any]
    ) -> None:
        plie = distribution.organisme(CategorieOrganisme.PLIE)
        plie.courriel = "accueil@plie.example"
        plie.save()
        deux = [une_decision(distribution, nom=nom, organisme=plie) for nom in ("ABEL", "BRUN")]
        une = une_decision(distribution, nom="CARO")
        executer_notifications(self.demander(outils).public_id)
        faites = {n.decision_id: n for n in NotificationOrientation.objects.order_by("pk")}
        assert len(faites) == 3
        assert faites[deux[0].pk].copie == faites[deux[1].pk].copie != faites[une.pk].copie
        assert "Abel" in copie(faites[deux[0].pk])
        assert "Brun" in copie(faites[deux[0].pk])
        assert "BRUN" not in lettre(faites[deux[0].pk])
        prevenu = Envoi.objects.get(canal="courriel")
        assert prevenu.destinataire == "accueil@plie.example"
        assert "Abel" not in prevenu.texte

    def test_liste_les_adresses_insuffisantes(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        une_decision(distribution)
        sans = une_decision(distribution, nom="PERDU", prenom="JO", adresse={})
        lot = self.demander(outils)
        assert lot.total == 1
        assert [(e["nom"], e["raison"]) for e in lot.ecartes] == [("Jo Perdu", "aucune adresse connue")]
        assert lot.ecartes[0]["decision"] == str(sans.public_id)

    def test_refuse_un_lot_sans_aucune_lettre_a_faire(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        une_decision(distribution, nom="PERDU", prenom="JO", adresse={})
        with pytest.raises(JalonError, match="aucune adresse connue pour Jo Perdu"):
            self.demander(outils)

    def test_ne_prend_que_le_perimetre(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        une_decision(distribution)
        etrangere = distribution.etrangere
        with pytest.raises(JalonError, match="Aucune lettre à produire"):
            produire_notifications(
                DecisionOrientation.objects.all(), acteur=etrangere, perimetre=Perimetre.de(etrangere), jour=JOUR
            )

    def test_reprend_un_lot_coupe_sans_lettre_en_double(
        self, distribution: Distribution, outils: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for rang in range(5):
            une_decision(distribution, nom=f"NOM{rang}")
        lot = self.demander(outils)
        vraie = notifications.FabriqueNotifications.ecrire
        faites: list[int] = []

        def ecrire(self: Any, *arguments: Any) -> None:
            if len(faites) == 1:
                raise RuntimeError("coupure")
            faites.append(1)
            vraie(self, *arguments)

        monkeypatch.setattr(notifications.FabriqueNotifications, "ecrire", ecrire)
        with pytest.raises(RuntimeError, match="coupure"):
            executer_notifications(lot.public_id)
        lot.refresh_from_db()
        assert (lot.etat, lot.fait, NotificationOrientation.objects.count()) == (EtatLot.INTERROMPU, 2, 2)
        monkeypatch.undo()
        monkeypatch.setattr(lots, "TAILLE_TRANCHE", 2)
        reprendre_notifications(lot, acteur=outils["acteur"], perimetre=outils["perimetre"])
        executer_notifications(lot.public_id)
        executer_notifications(lot.public_id)
        lot.refresh_from_db()
        assert (lot.etat, lot.fait) == (EtatLot.TERMINE, 5)
        assert (
            NotificationOrientation.objects.count()
            == Document.objects.filter(nature="notification_orientation").count()
            == 5
        )
        assert len(pypdf.PdfReader(io.BytesIO(lire_document(lot.planche))).pages) >= 5

    def test_une_lettre_faite_entre_temps_n_est_pas_refaite(
        self, distribution: Distribution, outils: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decisions = [une_decision(distribution, nom=nom) for nom in ("ABEL", "BRUN")]
        lot = self.demander(outils)
        vraie, appels = lots.rendre_tranche, []

        def rendre(*arguments: Any) -> Any:
            if not appels:
                produire_notification(decisions[0], **outils)
            appels.append(1)
            return vraie(*arguments)

        monkeypatch.setattr(lots, "rendre_tranche", rendre)
        executer_notifications(lot.public_id)
        lot.refresh_from_db()
        assert NotificationOrientation.objects.count() == 2
        planche = texte(lire_document(lot.planche))
        assert "BRUN" in planche
        assert "ABEL" not in planche

    def test_produit_pareil_a_plusieurs_processus(
        self, distribution: Distribution, outils: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lots, "_processus", lambda a_faire: 2)
        for nom in ("ABEL", "BRUN", "CARO"):
            une_decision(distribution, nom=nom)
        lot = self.demander(outils)
        executer_notifications(lot.public_id)
        lot.refresh_from_db()
        assert (lot.etat, lot.fait) == (EtatLot.TERMINE, 3)
        planche = texte(lire_document(lot.planche))
        for notification in NotificationOrientation.objects.select_related("decision__personne").order_by("pk"):
            nom = notification.decision.personne.nom
            assert nom in lettre(notification)
            assert nom in planche
            assert nom.title() in copie(notification)

    def test_refuse_de_reprendre_un_lot_fini(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        une_decision(distribution)
        lot = self.demander(outils)
        executer_notifications(lot.public_id)
        with pytest.raises(TransitionRefuseeError, match="seul un lot interrompu"):
            reprendre_notifications(lot, acteur=outils["acteur"], perimetre=outils["perimetre"])

    def test_note_le_depart_une_fois(self, distribution: Distribution, outils: dict[str, Any]) -> None:
        une_decision(distribution)
        lot = self.demander(outils)
        executer_notifications(lot.public_id)
        droits = {"acteur": outils["acteur"], "perimetre": outils["perimetre"]}
        assert constater_depart_lot(lot, **droits, preuve="Bordereau 12") == 1
        with pytest.raises(TransitionRefuseeError, match="déjà noté"):
            constater_depart_lot(lot, **droits, preuve="Bordereau 12")


class TestReception:
    def constater(self, notification: NotificationOrientation, acteur: Agent, **change: Any) -> NotificationOrientation:
        recue = {"mode": ModeReception.RECOMMANDE, "le": date(2026, 11, 10), "preuve": "AR 2C 123"}
        return constater_reception(notification, acteur=acteur, perimetre=Perimetre.de(acteur), **(recue | change))

    @pytest.fixture
    def notification(self, distribution: Distribution, outils: dict[str, Any]) -> NotificationOrientation:
        return produire_notification(une_decision(distribution), **outils)

    def test_fait_courir_le_delai_du_contrat(self, notification: NotificationOrientation, acteur: Agent) -> None:
        assert echeance_contrat(notification) is None
        recue = self.constater(notification, acteur)
        assert echeance_contrat(recue) == date(2027, 1, 10)
        assert Envoi.objects.get(canal="courrier").etat == "remis"

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"mode": "simple"}, "un envoi simple ne donne pas de date certaine"),
            ({"preuve": " "}, "Dites ce qui prouve"),
            ({"le": date(2026, 11, 2)}, "n'a pas pu être reçue avant"),
            ({"le": timezone.localdate() + timedelta(days=1)}, "ne se note pas d'avance"),
        ],
    )
    def test_refuse_une_reception_douteuse(
        self, notification: NotificationOrientation, acteur: Agent, change: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(JalonError, match=message):
            self.constater(notification, acteur, **change)

    def test_refuse_de_changer_la_date_sans_dire_pourquoi(
        self, notification: NotificationOrientation, acteur: Agent
    ) -> None:
        self.constater(notification, acteur)
        with pytest.raises(TransitionRefuseeError, match="déjà notée au 10/11/2026"):
            self.constater(notification, acteur, le=date(2026, 11, 12))
        corrigee = self.constater(notification, acteur, le=date(2026, 11, 12), motif_correction="Avis mal lu")
        assert corrigee.recue_le == date(2026, 11, 12)


def test_les_listes_se_vident_a_mesure(distribution: Distribution, outils: dict[str, Any]) -> None:
    perimetre, decision = outils["perimetre"], une_decision(distribution)
    assert list(decisions_a_notifier(perimetre)) == [decision]
    notification = produire_notification(decision, **outils)
    assert not decisions_a_notifier(perimetre).exists()
    assert list(notifications_sans_reception(perimetre)) == [notification]
    constater_reception(
        notification, acteur=outils["acteur"], perimetre=perimetre, mode="remise", le=JOUR, preuve="Reçu signé"
    )
    assert not notifications_sans_reception(perimetre).exists()


def _profils() -> list[str]:
    return sorted(d.name for d in Path(settings.PROFILS).iterdir() if (d / "profil.yaml").is_file())


@pytest.mark.parametrize("code", _profils())
def test_le_texte_de_chaque_profil_est_celui_qui_est_relu(
    code: str, distribution: Distribution, outils: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    """Le texte entier de la lettre, profil par profil : un changement se relit dans `lettres/<profil>.txt`."""
    from jalon.cli.installation import lire_profil
    from jalon.documents.services import installer_courriers
    from jalon.referentiels.services import installer_profil

    profil, _ = lire_profil(code)
    VersionModele.objects.all().delete()
    installer_profil(profil)
    installer_courriers(profil)
    try:
        decision = decision_complete(distribution)
        dite = lettre(produire_notification(decision, **outils))
    finally:
        request.addfinalizer(parametres.oublier)
    dite = dite.replace(str(decision.public_id)[:8].upper(), "RÉFÉRENCE").replace(decision.type.libelle, "TYPE")
    attendue = Path(__file__).parent / "lettres" / f"{code}.txt"
    assert dite == " ".join(attendue.read_text(encoding="utf-8").split())
