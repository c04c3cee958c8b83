"""Les indicateurs de contrats : des personnes, à toute date, telles qu'elles étaient connues ce jour-là."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.models import Accompagnement
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, SignatureContrat, TypeContrat
from jalon.contrats.renouvellements import rompre_contrat
from jalon.droits.models import DossierRsa
from jalon.observatoire.contrats import INDICATEURS, calculer
from jalon.observatoire.contrats_mesures import fins_de_mois
from jalon.observatoire.erreurs import TableauInconnuError, TerritoireInconnuError
from jalon.organismes.models import CategorieOrganisme, Organisme
from jalon.orientations.models import DecisionOrientation, TypeOrientation
from jalon.personnes.models import Personne
from jalon.socle.errors import JalonError
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_allocataire

pytestmark = pytest.mark.django_db
JOUR = date(2026, 11, 20)
ORIENTEE_LE = date(2026, 10, 5)


def orientee(
    distribution: Distribution, sphere: str = "sociale", *, le: date = ORIENTEE_LE, organisme: Organisme | None = None,
    **champs: Any,
) -> Personne:  # fmt: skip
    """Personne soumise, orientée ce jour-là vers un CCAS, dans une sphère."""
    personne = une_allocataire(**{"territoire": distribution.territoire, **champs})
    type_ = TypeOrientation.objects.filter(sphere=sphere).exclude(categories=["france_travail"]).order_by("ordre")[0]
    DecisionOrientation.objects.create(
        personne=personne, type=type_, territoire=personne.territoire, origine="directe", decidee_le=le,
        organisme=organisme or distribution.organisme(CategorieOrganisme.CCAS), periode=DateRange(le, None),
    )  # fmt: skip
    return personne


def contrat(distribution: Distribution, personne: Personne, famille: str = "solidarite", **champs: Any) -> Contrat:
    """Contrat d'une famille, en vigueur du 1er novembre au 1er mai s'il n'est rien dit d'autre."""
    code = TypeContrat.objects.filter(famille=famille).order_by("ordre")[0].code
    return un_contrat(distribution, personne=personne, type=code, **({"debut": date(2026, 11, 1)} | champs))


def nombres(code: str, jour: date = JOUR, **champs: Any) -> tuple[Any, Any, Any]:
    rendu = calculer(code, jour, **champs)
    return rendu["numerateur"], rendu["denominateur"], rendu["valeur"]


def variante(code: str, nom: str, jour: date = JOUR, **champs: Any) -> Any:
    return next(v for v in calculer(code, jour, **champs)["variantes"] if v["code"] == nom)


# --- Taux


def test_i01_rapporte_les_contrats_aux_orientees_de_la_sphere_sociale(distribution: Distribution) -> None:
    contrat(distribution, orientee(distribution))
    orientee(distribution)
    contrat(distribution, orientee(distribution, "professionnelle"), "professionnel")
    contrat(distribution, une_allocataire(territoire=distribution.territoire))
    assert nombres("I01") == (1, 2, Decimal("50.00"))


def test_une_personne_qui_a_deux_contrats_compte_une_fois(distribution: Distribution) -> None:
    personne = orientee(distribution)
    contrat(distribution, personne, debut=date(2026, 3, 1), etat="termine", clos_le=date(2026, 9, 1))
    contrat(distribution, personne)
    contrat(distribution, personne, "projet", debut=date(2026, 10, 1))
    assert nombres("I01")[:2] == (1, 1)
    assert nombres("I02")[:2] == (1, 1)
    assert nombres("I03")[:2] == (1, 1)
    assert calculer("I13", JOUR)["denominateur"] == 1


def test_i02_compte_aussi_le_projet_du_service_public_de_l_emploi(distribution: Distribution) -> None:
    contrat(distribution, orientee(distribution))
    contrat(distribution, orientee(distribution, "professionnelle"), "projet")
    orientee(distribution)
    assert nombres("I02") == (2, 3, Decimal("66.67"))
    assert variante("I02", "contrat")["numerateur"] == 1
    assert variante("I02", "projet")["numerateur"] == 1


def test_i03_et_i04_comptent_les_signes_dans_leur_sphere(distribution: Distribution) -> None:
    contrat(distribution, orientee(distribution), etat="signe")
    contrat(distribution, orientee(distribution), etat="a_signer")
    contrat(distribution, orientee(distribution, "professionnelle"), "professionnel", etat="signe")
    assert nombres("I03") == (1, 2, Decimal("50.00"))
    assert nombres("I04") == (1, 1, Decimal("100.00"))
    # Signé le 22 octobre : hors d'une période qui commence en novembre.
    assert nombres("I03", du=date(2026, 11, 1))[0] == 0


def test_i04_laisse_le_service_public_de_l_emploi(distribution: Distribution) -> None:
    orientee(distribution, "professionnelle")
    orientee(
        distribution, "professionnelle", organisme=distribution.organisme(CategorieOrganisme.FRANCE_TRAVAIL)
    )  # fmt: skip
    assert nombres("I04")[1] == 1


def test_i05_compte_un_allocataire_par_foyer(distribution: Distribution) -> None:
    titulaire = orientee(distribution)
    contrat(distribution, titulaire)
    dossier = DossierRsa.objects.get(foyer__rattachements__personne=titulaire)
    une_allocataire(territoire=distribution.territoire, dossier=dossier, role="conjoint")
    assert nombres("I05") == (1, 1, Decimal("100.00"))
    assert variante("I05", "soumises")["denominateur"] == 2


def test_i06_fait_la_moyenne_des_douze_fins_de_mois(distribution: Distribution) -> None:
    """Les droits sont connus depuis le 30 septembre : deux fins de mois ont une base, la première sans contrat."""
    contrat(distribution, orientee(distribution), debut=date(2026, 10, 10))
    assert nombres("I06") == (1, 1, Decimal("100.00"))
    moyenne = variante("I06", "moyenne")
    assert (moyenne["valeur"], moyenne["denominateur"]) == (Decimal("50.00"), 2)
    assert [v["valeur"] for v in calculer("I06", JOUR)["variantes"][-2:]] == [Decimal("0.00"), Decimal("100.00")]


def test_les_fins_de_mois_comprennent_le_jour_s_il_en_est_une() -> None:
    assert fins_de_mois(date(2028, 2, 29), 2) == [date(2028, 1, 31), date(2028, 2, 29)]
    assert fins_de_mois(date(2028, 2, 28), 2) == [date(2027, 12, 31), date(2028, 1, 31)]


@pytest.mark.parametrize("code", sorted(INDICATEURS))
def test_sans_personne_la_valeur_n_existe_pas(code: str) -> None:
    rendu = calculer(code, JOUR)
    assert rendu["valeur"] is None
    assert rendu["denominateur"] == 0
    assert rendu["definition"]


# --- Délais


def test_i13_mesure_depuis_la_signature_et_depuis_la_reception(distribution: Distribution) -> None:
    for jours in (10, 20, 45):
        contrat(
            distribution, orientee(distribution), signe_le=date(2026, 10, 1), recu_le=date(2026, 10, 5),
            valide_le=date(2026, 10, 1) + timedelta(days=jours),
        )  # fmt: skip
    assert nombres("I13") == (2, 3, Decimal("20.0"))
    assert variante("I13", "moyenne_signature")["valeur"] == Decimal("25.0")
    assert variante("I13", "mediane_reception")["valeur"] == Decimal("16.0")
    assert variante("I13", "part_30_jours_signature")["valeur"] == Decimal("66.67")
    assert nombres("I13", jour=date(2026, 10, 25))[1] == 2


def test_i13_retient_le_dernier_contrat_de_chacun(distribution: Distribution) -> None:
    personne = orientee(distribution)
    contrat(
        distribution, personne, debut=date(2026, 3, 1), etat="termine", clos_le=date(2026, 9, 1),
        signe_le=date(2026, 1, 1), recu_le=date(2026, 1, 2), valide_le=date(2026, 2, 20),
    )  # fmt: skip
    contrat(distribution, personne)
    assert nombres("I13") == (1, 1, Decimal("8.0"))
    assert nombres("I13", jour=date(2026, 3, 1)) == (0, 1, Decimal("50.0"))


def test_i14_ne_compte_que_les_delais_passes(distribution: Distribution) -> None:
    """Un mois après l'orientation du 5 octobre : le 5 novembre compris."""
    dedans, apres, sans = (orientee(distribution, "professionnelle") for _ in range(3))
    contrat(distribution, dedans, "professionnel", etat="signe", signe_le=date(2026, 11, 5))
    contrat(distribution, apres, "professionnel", etat="signe", signe_le=date(2026, 11, 6))
    orientee(distribution, "professionnelle", le=date(2026, 11, 10))
    assert sans
    assert nombres("I14") == (1, 3, Decimal("33.33"))
    assert nombres("I14", jour=date(2026, 11, 4)) == (0, 0, None)


# --- Ancienneté, parcours, suites


def test_i19_range_les_titulaires_et_compte_les_anciens_sans_contrat(distribution: Distribution) -> None:
    for annees, a_un_contrat in ((0, True), (2, True), (6, True), (6, False), (12, False)):
        personne = orientee(distribution)
        entree = JOUR - relativedelta(years=annees, days=1)
        DossierRsa.objects.filter(foyer__rattachements__personne=personne).update(date_demande=entree)
        if a_un_contrat:
            contrat(distribution, personne)
    assert nombres("I19") == (2, 3, Decimal("66.67"))
    parts = {v["code"]: v["numerateur"] for v in calculer("I19", JOUR)["variantes"][1:]}
    assert parts == {"moins_1": 1, "1_3": 1, "3_5": 0, "5_8": 1, "8_10": 0, "10_plus": 0}


def test_i19_remonte_a_la_demande_de_rmi(distribution: Distribution) -> None:
    personne = orientee(distribution)
    DossierRsa.objects.filter(foyer__rattachements__personne=personne).update(date_demande_rmi=date(2005, 1, 1))
    assert nombres("I19") == (1, 1, Decimal("100.00"))


def test_i20_compte_les_suivies_ailleurs_sans_contrat(distribution: Distribution) -> None:
    for a_un_contrat in (True, False):
        personne = orientee(distribution)
        Accompagnement.objects.create(
            personne=personne, organisme=distribution.organisme(CategorieOrganisme.CCAS), objet="Fonds de logement",
            periode=DateRange(date(2026, 10, 1), None),
        )  # fmt: skip
        if a_un_contrat:
            contrat(distribution, personne)
    orientee(distribution)
    assert nombres("I20") == (1, 2, Decimal("50.00"))


def test_i21_mesure_l_ecart_entre_les_deux_derniers_contrats(distribution: Distribution) -> None:
    for ecart in (0, 10, 40):
        personne = orientee(distribution)
        contrat(
            distribution, personne, debut=date(2026, 4, 1), etat="renouvele", clos_le=date(2026, 10, 1)
        )  # fmt: skip
        contrat(distribution, personne, debut=date(2026, 10, 1) + timedelta(days=ecart), duree=3)
    contrat(distribution, orientee(distribution), duree=12)
    assert nombres("I21") == (1, 3, Decimal("10.0"))
    ccas = distribution.organisme(CategorieOrganisme.CCAS).code
    assert variante("I21", f"{ccas}:ecart")["valeur"] == Decimal("10.0")
    assert variante("I21", "duree")["denominateur"] == 4


# --- À toute date


def test_une_rupture_ne_change_pas_le_chiffre_d_avant(distribution: Distribution) -> None:
    en_cours = contrat(distribution, orientee(distribution))
    avant = {code: calculer(code, JOUR) for code in INDICATEURS}
    siege = distribution.siege
    rompre_contrat(
        en_cours, acteur=siege, perimetre=Perimetre.de(siege), motif="Départ du département",
        le=JOUR + timedelta(days=1),
    )  # fmt: skip
    assert {code: calculer(code, JOUR) for code in INDICATEURS} == avant
    assert nombres("I01", jour=JOUR + timedelta(days=1)) == (0, 1, Decimal("0.00"))


def test_une_validation_posterieure_ne_change_pas_le_chiffre_d_avant(distribution: Distribution) -> None:
    """Le contrat commence avant sa validation : il n'était pas en vigueur la veille de celle-ci."""
    valide = contrat(distribution, orientee(distribution), etat="recu")
    avant = {code: calculer(code, JOUR) for code in INDICATEURS}
    Contrat.objects.filter(pk=valide.pk).update(
        etat="en_vigueur", valide_le=JOUR + timedelta(days=1), valide_par=distribution.siege,
        periode=DateRange(valide.debut, date(2027, 5, 1)),
    )  # fmt: skip
    assert {code: calculer(code, JOUR) for code in INDICATEURS} == avant
    assert nombres("I01", jour=JOUR + timedelta(days=1))[0] == 1


def test_un_renouvellement_tardif_ne_change_pas_le_chiffre_d_avant(distribution: Distribution) -> None:
    """Le nouveau contrat, validé en retard, coupe l'ancien à une date passée : ce jour-là, l'ancien courait encore."""
    ancien = contrat(distribution, orientee(distribution))
    avant = {code: calculer(code, JOUR) for code in INDICATEURS}
    Contrat.objects.filter(pk=ancien.pk).update(
        etat="renouvele", clos_le=JOUR + timedelta(days=5), periode=DateRange(ancien.debut, date(2026, 11, 10))
    )
    contrat(distribution, ancien.personne, debut=date(2026, 11, 10), valide_le=JOUR + timedelta(days=5))
    assert {code: calculer(code, JOUR) for code in INDICATEURS} == avant


def test_une_orientation_annulee_depuis_compte_encore_la_veille(distribution: Distribution) -> None:
    contrat(distribution, orientee(distribution))
    avant = {code: calculer(code, JOUR) for code in INDICATEURS}
    DecisionOrientation.objects.update(
        annulee_le=JOUR + timedelta(days=1), motif_annulation="Erreur", periode=DateRange(empty=True)
    )
    assert {code: calculer(code, JOUR) for code in INDICATEURS} == avant
    assert nombres("I01", jour=JOUR + timedelta(days=1)) == (0, 0, None)


def test_une_signature_retiree_depuis_compte_encore_la_veille(distribution: Distribution) -> None:
    signe = contrat(distribution, orientee(distribution), etat="signe")
    avant = nombres("I03")
    for signataire in ("personne", "referent"):
        SignatureContrat.objects.create(
            contrat=signe, signataire=signataire, mode="ecran", nom="Élodie Lefèvre", signee_le=signe.signe_le,
            document=signe.document, empreinte="0" * 64, sans_effet_le=JOUR + timedelta(days=1),
            agent=distribution.partenaire if signataire == "referent" else None,
        )  # fmt: skip
    Contrat.objects.filter(pk=signe.pk).update(etat="brouillon", document=None, propose_le=None, signe_le=None)
    assert nombres("I03") == avant == (1, 1, Decimal("100.00"))
    assert nombres("I03", jour=JOUR + timedelta(days=1))[0] == 0


def test_un_demenagement_ne_change_pas_le_territoire_d_avant(distribution: Distribution) -> None:
    personne = orientee(distribution)
    contrat(distribution, personne)
    Personne.objects.filter(pk=personne.pk).update(territoire=distribution.autre_territoire)
    assert nombres("I01", territoire=distribution.territoire.code)[:2] == (1, 1)
    assert nombres("I01", territoire=distribution.autre_territoire.code)[:2] == (0, 0)


# --- Restrictions


def test_se_restreint_a_un_service_un_type_un_public(distribution: Distribution) -> None:
    un = contrat(distribution, orientee(distribution))
    contrat(distribution, orientee(distribution, sexe="M"), "professionnel")
    ccas = distribution.organisme(CategorieOrganisme.CCAS).code
    ailleurs = Organisme.objects.exclude(code=ccas).order_by("id")[0].code
    assert nombres("I02", service=ccas)[:2] == (2, 2)
    assert nombres("I02", service=ailleurs)[:2] == (0, 0)
    assert nombres("I02", type=un.type.code)[:2] == (1, 2)
    assert nombres("I02", public="femmes")[:2] == (1, 1)
    assert nombres("I13", service=ccas)[1] == 2
    assert nombres("I13", type=un.type.code)[1] == 1
    assert nombres("I13", public="femmes")[1] == 1
    assert nombres("I21", public="femmes")[1] == 0


def test_se_borne_aux_territoires_du_lecteur(distribution: Distribution) -> None:
    contrat(distribution, orientee(distribution))
    contrat(distribution, orientee(distribution, territoire=distribution.autre_territoire))
    permis = frozenset({distribution.territoire.code})
    assert nombres("I01", permis=permis)[:2] == (1, 1)
    assert nombres("I13", permis=permis)[1] == 1


def test_refuse_ce_qui_n_existe_pas() -> None:
    with pytest.raises(TableauInconnuError, match="I01, I02"):
        calculer("I99", JOUR)
    with pytest.raises(TerritoireInconnuError):
        calculer("I01", JOUR, "nulle-part")
    for champ in ("service", "type", "public"):
        with pytest.raises(JalonError, match="n'existe pas"):
            calculer("I01", JOUR, **{champ: "nulle-part"})
