"""Le texte exact et l'aspect de chaque lettre, sous chaque profil, et ce qu'aucune ne peut taire.

Un texte attendu est un fichier de `tests/manquements/lettres/<profil>/`, et chaque page une image à côté de lui. Après un
changement voulu, les réécrire avec `JALON_MAJ_LETTRES=1`, puis les relire et les regarder avant de les garder.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pikepdf
import pypdf
import pytest
from django.conf import settings

from jalon.documents.composition import CourrierIncompletError
from jalon.documents.models import Canal, Document, Envoi, ModeleCourrier
from jalon.documents.pdf import rendre_lettre
from jalon.documents.services import installer_courriers, lire_document
from jalon.manquements import lettres
from jalon.manquements.legalite import etablir_projet
from jalon.manquements.models import (
    DecisionSanction,
    EtatDecision,
    LigneTransmission,
    Manquement,
    RecoursSanction,
    Regime,
    RegleSanction,
    Transmission,
)
from jalon.organismes.models import CategorieOrganisme, Organisme
from jalon.personnes.models import Adresse, Personne
from jalon.referentiels.parametres import oublier
from jalon.referentiels.profil import charger_profil
from jalon.referentiels.services import installer_profil
from tests.apparence import exiger_l_aspect
from tests.distribution import Distribution
from tests.documents.test_courriers_des_profils import ACCORDS
from tests.manquements.fabriques import un_manquement, un_rendez_vous_manque, une_personne_suivie

pytestmark = pytest.mark.django_db

ATTENDUS = Path(__file__).resolve().parent / "lettres"
UN_NUMERO = UUID("12345678-0000-4000-8000-000000000000")
LIEN = "https://jalon.example/lien/exemple"


@dataclass(frozen=True)
class Departement:
    """Un profil, et une procédure sous la loi de son temps."""

    code: str
    service: str
    code_postal: str
    commune: str
    faits_le: date
    caisse: str
    regime: str
    regle: str
    taux: int
    duree: int


DEPARTEMENTS = {
    "pas-de-calais": Departement(
        "pas-de-calais", "Centre communal d'action sociale de Béthune", "62400", "BETHUNE", date(2026, 9, 1),
        "621", "plein_emploi", "premiere", 30, 2,
    ),
    "loiret": Departement(
        "loiret", "Centre communal d'action sociale de Pithiviers", "45300", "PITHIVIERS", date(2008, 9, 1),
        "451", "rmi", "suspension", 100, 3,
    ),
}  # fmt: skip


@pytest.fixture(params=sorted(DEPARTEMENTS))
def departement(request: pytest.FixtureRequest, db: None) -> Iterator[Departement]:
    """Les mots, les délais et les lettres de ce profil."""
    posees = charger_profil(settings.PROFILS / request.param)
    if request.param != "pas-de-calais":
        installer_profil(posees)
        ModeleCourrier.objects.all().delete()
        installer_courriers(posees)
    oublier()
    yield DEPARTEMENTS[request.param]
    oublier()


@dataclass
class Dossier:
    """Une procédure et sa décision, la même personne dans toutes les lettres."""

    distribution: Distribution
    departement: Departement

    def service(self) -> Organisme:
        service = self.distribution.organisme(CategorieOrganisme.CCAS)
        service.libelle, service.telephone = self.departement.service, "01 00 00 00 00"
        service.save()
        return service

    def personne(self) -> Personne:
        self.service()
        personne = une_personne_suivie(
            self.distribution, depuis=self.departement.faits_le - timedelta(days=200), nom="EXEMPLE", prenom="Camille",
            civilite="MME",
        )  # fmt: skip
        Adresse.objects.filter(foyer__rattachements__personne=personne).update(
            code_postal=self.departement.code_postal, nom_commune=self.departement.commune
        )
        return personne

    def manquement(self, etat: str, **champs: object) -> Manquement:
        return un_manquement(
            self.distribution, etat=etat, personne=self.personne(), faits_le=self.departement.faits_le,
            public_id=UN_NUMERO, **champs,
        )  # fmt: skip

    def jour(self, jours: int) -> date:
        return self.departement.faits_le + timedelta(days=jours)

    def decision(self, **champs: object) -> DecisionSanction:
        manquement = self.manquement("avis_rendu", **champs)
        regle = RegleSanction.objects.get(regime__code=self.departement.regime, code=self.departement.regle)
        projet = etablir_projet(
            manquement, regle=regle, taux=self.departement.taux, duree=self.departement.duree, jour=self.jour(65),
            motivation="Le justificatif annoncé n'est pas arrivé, malgré deux rappels.",
        )  # fmt: skip
        return DecisionSanction.objects.create(**projet.colonnes(), decidee_par=self.distribution.siege)

    def avertissement(self) -> Document:
        manquement = self.manquement("saisi", rendez_vous=False)
        return lettres.lettre_avertissement(
            manquement, acteur=self.distribution.siege, jour=self.jour(18), adresse_lien=LIEN
        )

    def audition(self) -> Document:
        manquement = self.manquement("averti")
        return lettres.lettre_audition(
            manquement, acteur=self.distribution.siege, jour=self.jour(30), seance_le=self.jour(60), heure=time(14, 30),
            lieu="Maison des services, salle 2",
        )  # fmt: skip

    def annulation(self) -> Document:
        manquement = self.manquement("averti", averti_le=self.jour(18))
        return lettres.lettre_annulation_audition(
            manquement, acteur=self.distribution.siege, jour=self.jour(50), seance_le=self.jour(60)
        )

    def classement(self) -> Document:
        manquement = self.manquement(
            "classe", averti_le=self.jour(18), motif_classement="motif_legitime",
            precision_classement="Le certificat que vous avez envoyé explique votre absence.",
        )  # fmt: skip
        return lettres.lettre_classement(manquement, acteur=self.distribution.siege, jour=self.jour(60))

    def notification(self) -> Document:
        decision = self.decision(
            reponse_le=self.jour(40), demande_audition=False, entendue_le=self.jour(55), assistee_par="sa sœur"
        )
        return lettres.lettre_decision(decision, acteur=self.distribution.siege, jour=self.jour(66))

    def levee(self) -> Document:
        decision = self.decision()
        decision.etat, decision.levee_le, decision.motif_levee = EtatDecision.LEVEE, self.jour(110), "en_regle"
        decision.precision_levee = "Votre nouveau contrat est signé."
        return lettres.lettre_levee(decision, acteur=self.distribution.siege, jour=self.jour(110))

    def recours(self) -> Document:
        recours = RecoursSanction(
            decision=self.decision(), recu_le=self.jour(80), issue="maintien",
            motivation="Vos arguments ont été lus. Ils ne changent pas les faits.",
        )  # fmt: skip
        return lettres.lettre_recours(recours, acteur=self.distribution.siege, jour=self.jour(100))

    def payeur(self) -> Document:
        decision = self.decision()
        transmission = Transmission.objects.create(
            public_id=UN_NUMERO, caisse_regime="CAF", caisse_numero=self.departement.caisse, produite_le=self.jour(70),
            produite_par=self.distribution.siege,
        )  # fmt: skip
        assert decision.periode is not None
        LigneTransmission.objects.create(
            transmission=transmission, decision=decision, objet="appliquer", matricule="1000042",
            numero_demande="00000000042", debut=decision.periode.lower, fin=decision.periode.upper,
        )  # fmt: skip
        return lettres.lettre_payeur(transmission, acteur=self.distribution.siege, jour=self.jour(70))


LETTRES: dict[str, Callable[[Dossier], Document]] = {
    lettres.AVERTISSEMENT: Dossier.avertissement,
    lettres.AUDITION: Dossier.audition,
    lettres.ANNULATION: Dossier.annulation,
    lettres.CLASSEMENT: Dossier.classement,
    lettres.DECISION: Dossier.notification,
    lettres.LEVEE: Dossier.levee,
    lettres.RECOURS: Dossier.recours,
    lettres.PAYEUR: Dossier.payeur,
}


def feuilles(document: Document) -> str:
    """Le texte du PDF, page après page."""
    pages = pypdf.PdfReader(io.BytesIO(lire_document(document))).pages
    lignes = [ligne.rstrip() for page in pages for ligne in page.extract_text().replace("\u200b", "").splitlines()]
    return "\n".join(lignes) + "\n"


def dit(document: Document) -> str:
    """Le texte sans ses coupures de lignes."""
    return " ".join(feuilles(document).split())


@pytest.fixture
def dossier(distribution: Distribution, departement: Departement) -> Dossier:
    return Dossier(distribution, departement)


@pytest.mark.parametrize("code", sorted(LETTRES))
def test_le_texte_de_la_lettre(code: str, dossier: Dossier) -> None:
    document = LETTRES[code](dossier)
    attendu = ATTENDUS / dossier.departement.code / f"{code}.txt"
    lu = feuilles(document)
    if os.environ.get("JALON_MAJ_LETTRES"):
        attendu.parent.mkdir(parents=True, exist_ok=True)
        attendu.write_text(lu, encoding="utf-8")
    assert lu == attendu.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", sorted(LETTRES))
def test_l_aspect_de_la_lettre(code: str, dossier: Dossier, tmp_path: Path) -> None:
    pdf = lire_document(LETTRES[code](dossier))
    exiger_l_aspect(pdf, ATTENDUS / dossier.departement.code, code, tmp_path)


@pytest.mark.parametrize("code", sorted(LETTRES))
def test_le_pdf_est_balise_en_francais_et_garde_son_texte(code: str, distribution: Distribution) -> None:
    document = LETTRES[code](Dossier(distribution, DEPARTEMENTS["pas-de-calais"]))
    with pikepdf.open(io.BytesIO(lire_document(document))) as pdf:
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang) == "fr"
        with pdf.open_metadata() as xmp:
            assert xmp["pdfuaid:part"] == "1"
            assert xmp["pdfaid:part"] == "2"
    assert document.version_modele is not None
    assert document.version_modele.modele.code == code


# --- Ce qu'une lettre ne peut pas taire


@pytest.fixture
def dans_le_pas_de_calais(distribution: Distribution) -> Dossier:
    return Dossier(distribution, DEPARTEMENTS["pas-de-calais"])


def test_l_avertissement_part_par_la_poste_a_l_adresse_de_la_personne(dans_le_pas_de_calais: Dossier) -> None:
    document = dans_le_pas_de_calais.avertissement()
    envoi = Envoi.objects.get(document=document)
    assert (envoi.canal, document.personne) == (Canal.COURRIER, envoi.personne)
    assert envoi.destinataire.splitlines()[-1] == "62400 BETHUNE"


def test_sans_adresse_l_avertissement_se_remet_en_main_propre(dans_le_pas_de_calais: Dossier) -> None:
    manquement = dans_le_pas_de_calais.manquement("saisi", rendez_vous=False)
    Adresse.objects.all().delete()
    document = lettres.lettre_avertissement(
        manquement, acteur=dans_le_pas_de_calais.distribution.siege, jour=dans_le_pas_de_calais.jour(18)
    )
    assert "remise en main propre" in dit(document)
    assert not Envoi.objects.filter(document=document).exists()


@pytest.mark.parametrize(
    ("regime", "jour", "attendus", "absents"),
    [
        (
            "rsa", date(2024, 9, 1),
            [
                "80 % au plus de votre RSA, pendant 1 à 3 mois", "100 % au plus de votre RSA, pendant 1 à 4 mois",
                "après l'avis de l'équipe pluridisciplinaire (article R262-68, 1°)",
            ],
            ["s'arrête dès que", "majoré"],
        ),
        (
            "plein_emploi", date(2026, 9, 1),
            [
                "30 à 100 % de votre RSA, pendant 1 à 2 mois", "30 à 100 % de votre RSA, pendant 1 à 4 mois",
                "(articles L262-37, II et R262-68-1)", "s'arrête dès que", "majoré",
            ],
            ["80 %"],
        ),
    ],
)  # fmt: skip
def test_l_avertissement_dit_la_grille_du_jour(
    regime: str, jour: date, attendus: list[str], absents: list[str], dans_le_pas_de_calais: Dossier
) -> None:
    manquement = dans_le_pas_de_calais.manquement("saisi", rendez_vous=False)
    assert lettres.regime_du(jour) == Regime.objects.get(code=regime)
    texte = dit(lettres.lettre_avertissement(manquement, acteur=dans_le_pas_de_calais.distribution.siege, jour=jour))
    assert [attendu for attendu in attendus if attendu not in texte] == []
    assert [absent for absent in absents if absent in texte] == []
    assert "la retenue ne dépasse jamais 50 %" in texte


def test_refuse_un_avertissement_sans_fait(dans_le_pas_de_calais: Dossier) -> None:
    manquement = dans_le_pas_de_calais.manquement("saisi", rendez_vous=False)
    manquement.faits.all().delete()
    with pytest.raises(CourrierIncompletError, match="il manque les faits et leurs dates"):
        lettres.lettre_avertissement(
            manquement, acteur=dans_le_pas_de_calais.distribution.siege, jour=dans_le_pas_de_calais.jour(18)
        )


def test_refuse_un_avertissement_dont_le_motif_n_est_pas_du_regime(dans_le_pas_de_calais: Dossier) -> None:
    """La radiation de la liste ne se reproche plus depuis la loi plein emploi : aucun article, aucune lettre."""
    manquement = dans_le_pas_de_calais.manquement("saisi", rendez_vous=False, motif="radiation")
    with pytest.raises(CourrierIncompletError, match="il manque l'article du motif"):
        lettres.lettre_avertissement(
            manquement, acteur=dans_le_pas_de_calais.distribution.siege, jour=dans_le_pas_de_calais.jour(18)
        )


def test_le_delai_n_est_jamais_plus_court_que_celui_de_la_loi(dans_le_pas_de_calais: Dossier) -> None:
    Regime.objects.filter(code="plein_emploi").update(observations_mois=2)
    assert "Vous avez deux mois à partir du jour où vous recevez" in dit(dans_le_pas_de_calais.avertissement())


def test_le_tort_du_service_se_dit_avec_des_excuses(dans_le_pas_de_calais: Dossier) -> None:
    manquement = dans_le_pas_de_calais.manquement("classe", motif_classement="service")
    texte = dit(
        lettres.lettre_classement(manquement, acteur=dans_le_pas_de_calais.distribution.siege, jour=date(2026, 11, 2))
    )
    assert "Rien ne peut vous être reproché. Nous vous prions de nous en excuser." in texte


def test_la_decision_dit_le_delai_et_le_juge(dans_le_pas_de_calais: Dossier) -> None:
    texte = dit(dans_le_pas_de_calais.notification())
    assert "Vous avez deux mois à partir du jour où vous recevez cette lettre." in texte
    assert "tribunal administratif de Lille" in texte


@pytest.mark.parametrize(
    ("champs", "effet"),
    [
        ({"taux": 100}, "votre RSA est suspendu : il n'est pas versé."),
        (
            {"nature": "suppression", "taux": 50},
            "50 % de votre RSA est supprimé. Le reste continue de vous être versé.",
        ),
        (
            {"nature": "amende", "taux": None, "duree": None, "periode": None, "montant": Decimal("250.50")},
            "Vous devez payer une amende administrative de 250,50 €.",
        ),
    ],
)
def test_l_effet_dit_la_part_et_les_jours(
    champs: dict[str, object], effet: str, dans_le_pas_de_calais: Dossier
) -> None:
    decision = dans_le_pas_de_calais.decision()
    for nom, valeur in champs.items():
        setattr(decision, nom, valeur)
    assert lettres.effet_de(decision).endswith(effet)


def test_une_annulation_rend_ce_qui_a_ete_retenu(dans_le_pas_de_calais: Dossier) -> None:
    decision = dans_le_pas_de_calais.decision()
    decision.etat, decision.levee_le, decision.motif_levee = EtatDecision.ANNULEE, date(2026, 12, 15), "erreur"
    texte = dit(
        lettres.lettre_levee(decision, acteur=dans_le_pas_de_calais.distribution.siege, jour=date(2026, 12, 15))
    )
    assert "Ce qui a été retenu doit vous être versé." in texte


def test_un_seul_rendez_vous_manque_n_est_pas_plusieurs(dans_le_pas_de_calais: Dossier) -> None:
    manquement = dans_le_pas_de_calais.manquement("saisi")
    acteur, jour = dans_le_pas_de_calais.distribution.siege, dans_le_pas_de_calais.jour(18)
    une = dit(lettres.lettre_avertissement(manquement, acteur=acteur, jour=jour))
    assert "Nous vous attendions à un rendez-vous. Il n'a pas eu lieu" in une
    assert "Le 1er septembre 2026 à 14 h, Maison des solidarités. Absence au rendez-vous." in une
    manque = un_rendez_vous_manque(dans_le_pas_de_calais.distribution, manquement.personne, date(2026, 9, 8))
    manquement.faits.create(date=date(2026, 9, 8), description="Absence", rendez_vous=manque)
    deux = dit(lettres.lettre_avertissement(manquement, acteur=acteur, jour=jour))
    assert "Nous vous attendions à deux rendez-vous. Ils n'ont pas eu lieu" in deux


def test_un_autre_motif_se_dit_comme_la_loi_le_nomme(dans_le_pas_de_calais: Dossier) -> None:
    manquement = dans_le_pas_de_calais.manquement("saisi", rendez_vous=False, motif="contrat_non_respecte")
    texte = dit(
        lettres.lettre_avertissement(
            manquement, acteur=dans_le_pas_de_calais.distribution.siege, jour=dans_le_pas_de_calais.jour(18)
        )
    )
    assert "Vous n'avez pas fait ce que prévoit votre contrat" in texte
    assert "rendez-vous. Il n'a pas eu lieu" not in texte


def test_la_decision_porte_le_nom_de_qui_l_a_prise(dans_le_pas_de_calais: Dossier) -> None:
    """CRPA L212-1 : le nom de l'auteur de la décision, et non celui de l'agent qui l'envoie."""
    decision = dans_le_pas_de_calais.decision(reponse_le=date(2026, 10, 11))
    envoi = dans_le_pas_de_calais.distribution.partenaire
    texte = dit(lettres.lettre_decision(decision, acteur=envoi, jour=dans_le_pas_de_calais.jour(66)))
    assert f"la Direction de l'insertion {decision.decidee_par}" in texte


@pytest.mark.parametrize("code", sorted(LETTRES))
def test_aucune_lettre_ne_presume_le_genre_de_la_personne(code: str, dossier: Dossier) -> None:
    """La même phrase vaut pour « Madame » et « Monsieur », dans les phrases du code comme dans celles du profil."""
    assert ACCORDS.findall(dit(LETTRES[code](dossier)).lower()) == []


@pytest.mark.parametrize("code", sorted(LETTRES))
def test_aucune_majuscule_apres_deux_points(code: str, dossier: Dossier) -> None:
    """Hors d'une étiquette qui présente un nom propre, un sigle ou une adresse, et d'une citation."""
    texte = dit(LETTRES[code](dossier))
    noms = "Paul|Simone|Centre|Maison|Sur|L262|R262"
    assert re.findall(rf" : (?!(?:{noms})\b)[A-ZÀ-Ý]\w+", texte) == []


@pytest.mark.parametrize("nombre", range(24, 40))
@pytest.mark.parametrize("liste", [False, True])
def test_deux_paragraphes_au_moins_suivent_la_signature(nombre: int, liste: bool) -> None:
    """Quelle que soit la longueur du texte : une feuille ne porte jamais la signature seule, ni une phrase et elle."""
    fin = {"genre": "liste", "elements": ["Avant-dernier"]} if liste else {"genre": "p", "texte": "Avant-dernier"}
    charge = {
        "expediteur": ["Service"], "destinataire": ["Camille Exemple"], "date": "Le 2 octobre 2026", "references": [],
        "objet": "essai", "signature": ["La direction"], "pied": "pied", "bandeau": "",
        "blocs": [
            *({"genre": "p", "texte": f"Paragraphe {rang}."} for rang in range(nombre)), fin,
            {"genre": "p", "texte": "Dernier"},
        ],
    }  # fmt: skip
    pages = pypdf.PdfReader(io.BytesIO(rendre_lettre({"departement": "Essai", "couleur": "#333333"}, charge))).pages
    derniere = pages[-1].extract_text()
    assert [mot for mot in ("Avant-dernier", "Dernier", "La direction") if mot not in derniere] == []


@pytest.mark.parametrize("nombre", range(20, 36))
def test_une_derniere_partie_courte_reste_entiere(nombre: int) -> None:
    """Les voies de recours ne se lisent pas à cheval sur deux feuilles : la partie passe entière, avec son titre."""
    charge = {
        "expediteur": ["Service"], "destinataire": ["Camille Exemple"], "date": "Le 2 octobre 2026", "references": [],
        "objet": "essai", "signature": ["La direction"], "pied": "pied", "bandeau": "",
        "blocs": [
            *({"genre": "p", "texte": f"Paragraphe {rang}."} for rang in range(nombre)),
            {"genre": "titre", "texte": "Si vous n’êtes pas d’accord"}, {"genre": "p", "texte": "Vous avez deux mois."},
            {"genre": "liste", "elements": ["Au Président", "Au tribunal"]}, {"genre": "p", "texte": "C’est gratuit."},
        ],
    }  # fmt: skip
    pages = pypdf.PdfReader(io.BytesIO(rendre_lettre({"departement": "Essai", "couleur": "#333333"}, charge))).pages
    derniere = pages[-1].extract_text()
    attendus = ("Si vous n’êtes pas d’accord", "Vous avez deux mois.", "Au tribunal", "C’est gratuit.", "La direction")
    assert [attendu for attendu in attendus if attendu not in derniere] == []
