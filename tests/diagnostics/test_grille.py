"""La grille : l'enregistrer à deux, la retrouver, la comparer ; la réinstaller sans récrire ce qui fut rempli."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics import selectors
from jalon.diagnostics.evolution import Sens, evolution
from jalon.diagnostics.grilles import enregistrer_passation
from jalon.diagnostics.installation import installer_grilles
from jalon.diagnostics.models import Echelon, Frein, Passation, Reponse, VersionGrille
from jalon.personnes.models import Personne, Rapprochement
from jalon.personnes.services import fusionner_personnes
from jalon.referentiels.profil import Profil, charger_profil
from jalon.socle.errors import DroitManquantError, JalonError
from tests.diagnostics.fabriques import JOUR, une_passation
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire)


@pytest.fixture
def version() -> VersionGrille:
    return selectors.version_en_vigueur(selectors.grille_principale(), JOUR)


def enregistrer(personne: Personne, acteur: Agent, version: VersionGrille, **options: Any) -> Passation:
    options = {
        "reponses": {"logement": 2, "transport": 5, "sante": None},
        "date_passation": JOUR, "convenue": True, "origine": "entretien",
    } | options  # fmt: skip
    return enregistrer_passation(personne, acteur=acteur, perimetre=Perimetre.de(acteur), version=version, **options)


def test_enregistre_un_echelon_par_question(
    distribution: Distribution, personne: Personne, version: VersionGrille
) -> None:
    remplie = enregistrer(personne, distribution.orienteur, version, parcours_envisage="social")

    assert {r.item.code: r.echelon.rang for r in remplie.reponses.order_by("id")} == {"logement": 2, "transport": 5}
    assert (remplie.territoire, remplie.age, remplie.sexe) == (distribution.territoire, 41, "2")
    assert (remplie.saisie_par, remplie.convenue, remplie.version) == (distribution.orienteur, True, version)


def test_la_meme_page_envoyee_deux_fois_ne_donne_qu_une_grille(
    distribution: Distribution, personne: Personne, version: VersionGrille
) -> None:
    jeton = uuid4()
    deux = [enregistrer(personne, distribution.orienteur, version, public_id=jeton) for _ in range(2)]
    assert deux[0] == deux[1]
    assert Passation.objects.count() == 1


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"convenue": False}, "se remplit à deux"),
        ({"reponses": {"logement": 7}}, "de 1 à 6"),
        ({"reponses": {"moral": 1}}, "pas de question « moral »"),
        ({"reponses": {"logement": None}}, "Aucune question n'a de réponse"),
        ({"origine": "reprise"}, "quelle occasion"),
        ({"parcours_envisage": "ailleurs"}, "parcours envisagé"),
    ],
)
def test_refuse(
    distribution: Distribution, personne: Personne, version: VersionGrille, options: dict[str, Any], phrase: str
) -> None:
    with pytest.raises(JalonError, match=phrase):
        enregistrer(personne, distribution.orienteur, version, **options)
    assert not Passation.objects.exists()


def test_refuse_une_grille_a_venir(distribution: Distribution, personne: Personne, version: VersionGrille) -> None:
    with pytest.raises(JalonError, match="avenir"):
        enregistrer(personne, distribution.orienteur, version, date_passation=timezone.localdate() + timedelta(days=1))


def test_refuse_sans_le_droit(distribution: Distribution, personne: Personne, version: VersionGrille) -> None:
    with pytest.raises(DroitManquantError):
        enregistrer(personne, distribution.siege, version)


def test_la_base_refuse_l_echelon_d_une_autre_question(personne: Personne, version: VersionGrille) -> None:
    remplie = une_passation(personne=personne, reponses={"logement": 1})
    items = {item.code: item for item in version.items.all()}
    etranger = Echelon.objects.get(item=items["sante"], rang=1)
    with pytest.raises(IntegrityError, match="reponse_echelon_de_sa_question"), transaction.atomic():
        Reponse.objects.create(passation=remplie, item=items["transport"], echelon=etranger)
    deux = Echelon.objects.get(item=items["logement"], rang=2)
    with pytest.raises(IntegrityError, match="reponse_une_par_question"), transaction.atomic():
        Reponse.objects.create(passation=remplie, item=items["logement"], echelon=deux)


def test_une_grille_remplie_ne_change_plus(personne: Personne) -> None:
    remplie = une_passation(personne=personne, reponses={"logement": 1})
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Passation.objects.filter(pk=remplie.pk).update(age=50)


# --- Lire


def test_les_dernieres_reponses_de_beaucoup_de_personnes_en_une_requete(django_assert_num_queries: Any) -> None:
    personnes = [PersonneFactory() for _ in range(3)]
    une_passation(personne=personnes[0], reponses={"logement": 5}, jour=date(2026, 1, 1))
    une_passation(personne=personnes[0], reponses={"logement": 2, "sante": 1}, jour=date(2026, 2, 1))
    une_passation(personne=personnes[1], reponses={"transport": 6})
    with django_assert_num_queries(1):
        lues = selectors.dernieres_reponses([p.pk for p in personnes], "echelle")
    assert lues == {personnes[0].pk: {"logement": 2, "sante": 1}, personnes[1].pk: {"transport": 6}}
    assert selectors.dernieres_reponses([p.pk for p in personnes], "autre") == {}


def test_l_evaluation_precedente_dit_les_freins(distribution: Distribution) -> None:
    personne = PersonneFactory()
    une_passation(personne=personne, reponses={"logement": 6, "transport": 5, "sante": 2})
    evaluation = selectors.evaluation_precedente(personne)
    assert evaluation
    assert [(f.code, f.suggere_social) for f in evaluation.freins] == [
        ("logement_a_quitter", True), ("transports_en_commun_seuls", False), ("difficultes_de_transport", False),
    ]  # fmt: skip


def test_lire_une_seance_ne_depend_pas_du_nombre_de_personnes(django_assert_num_queries: Any) -> None:
    personnes = [PersonneFactory() for _ in range(20)]
    for personne in personnes:
        une_passation(personne=personne, reponses={"logement": 1})
    for nombre in (1, 20):
        with django_assert_num_queries(4):
            selectors.evaluations_precedentes([p.pk for p in personnes[:nombre]])


def test_l_evolution_compte_les_echelons_gagnes() -> None:
    personne = PersonneFactory()
    une_passation(personne=personne, reponses={"logement": 5, "transport": 2, "sante": 3}, jour=date(2026, 1, 1))
    une_passation(personne=personne, reponses={"logement": 2, "transport": 4, "reprise": 1}, jour=date(2026, 6, 1))

    suivi = evolution(selectors.passations(personne))

    sens = {t.code: t.sens for t in suivi.trajets}
    assert (sens["logement"], sens["transport"], sens["sante"]) == (Sens.AMELIORE, Sens.DEGRADE, Sens.INCONNU)
    assert (suivi.ameliores, suivi.stables, suivi.degrades) == (1, 0, 1)
    assert suivi.moyenne == Decimal("0.50")


def test_deux_dossiers_qui_ont_des_grilles_se_reunissent(distribution: Distribution) -> None:
    gardee, absorbee = (une_allocataire(territoire=distribution.territoire) for _ in range(2))
    for personne in (gardee, absorbee):
        une_passation(personne=personne, reponses={"logement": 1})
    doute = Rapprochement.objects.create(ancienne=gardee, nouvelle=absorbee, score=90, motif="essai", date_flux=JOUR)
    fusionner_personnes(doute, acteur=distribution.siege)
    assert len(selectors.passations(gardee)) == 2


# --- Installer


def _profil(code: str = "pas-de-calais") -> Profil:
    return charger_profil(settings.PROFILS / code)


def _avec(changer: Callable[[dict[str, Any]], None]) -> Profil:
    """Le profil chargé, une grille changée."""
    profil = _profil()
    grilles = profil.grilles.model_dump()
    changer(grilles["grilles"][0])
    return profil.model_copy(update={"grilles": type(profil.grilles).model_validate(grilles)})


def _renommer(grille: dict[str, Any]) -> None:
    grille["items"][0]["echelons"][0]["libelle"] = "Tout va bien"


def test_reinstaller_ne_change_rien() -> None:
    avant = set(Echelon.objects.order_by("id").values_list("id", "libelle"))
    installer_grilles(_profil())
    assert set(Echelon.objects.order_by("id").values_list("id", "libelle")) == avant


def test_une_version_jamais_remplie_se_recrit() -> None:
    installer_grilles(_avec(_renommer))
    assert Echelon.objects.filter(libelle="Tout va bien").count() == 1
    assert VersionGrille.objects.count() == 1


def test_refuse_de_recrire_une_version_deja_remplie() -> None:
    une_passation(reponses={"logement": 1})
    with pytest.raises(JalonError, match="ajoutez-y une version 2"):
        installer_grilles(_avec(_renommer))


def test_une_version_de_plus_laisse_l_ancienne_a_ceux_qui_l_ont_remplie() -> None:
    remplie = une_passation(reponses={"logement": 1}, jour=date(2026, 1, 5))

    def ajouter(grille: dict[str, Any]) -> None:
        _renommer(grille)
        grille.update(version=2, du=date(2026, 6, 1))

    profil = _profil()
    deux = (*profil.grilles.grilles, *_avec(ajouter).grilles.grilles)
    installer_grilles(profil.model_copy(update={"grilles": type(profil.grilles)(grilles=deux)}))

    grille = selectors.grille_principale()
    assert selectors.version_en_vigueur(grille, date(2026, 5, 31)) == remplie.version
    assert selectors.version_en_vigueur(grille, date(2026, 6, 1)).numero == 2
    reponse = remplie.reponses.select_related("echelon").get()
    assert reponse.echelon.libelle == "Je suis satisfait de mon logement actuel"
    apres = une_passation(reponses={"logement": 2}, personne=remplie.personne, jour=date(2026, 6, 2))
    assert evolution([remplie, apres]).trajets[0].ecart == -1


def test_les_freins_changent_sans_nouvelle_version() -> None:
    une_passation(reponses={"logement": 1})

    def changer(grille: dict[str, Any]) -> None:
        grille["freins"] = [grille["freins"][0] | {"echelons": (2, 4)}]

    installer_grilles(_avec(changer))
    assert Frein.objects.get().echelons == [2, 4]


def test_l_autre_profil_a_sa_grille() -> None:
    """F033 : questions, nombre d'échelons et freins sont des données du profil."""
    installer_grilles(_profil("loiret"))
    grille = selectors.grille_principale()
    version = selectors.version_en_vigueur(grille, JOUR)
    assert grille.code == "diagnostic"
    assert {len(item.echelons.all()) for item in version.items.all()} == {4}
    remplie = une_passation(reponses={"savoirs": 4})
    assert [f.code for f in selectors.freins_presents(remplie)] == ["savoirs_de_base"]
