"""L'instruction se règle par le profil : le même code sert chaque département (F019, F022)."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pydantic import ValidationError

from jalon.droits.instruction import installer_instruction, lieux_proposes, pieces_a_demander, reglage, resultat_test
from jalon.droits.lieux import couverture, lieux_instruction
from jalon.organismes.models import CommuneTerritoire
from jalon.personnes.models import Public
from jalon.referentiels.profil.instruction import Instruction
from tests.echanges.aides_mois import Departement, departement

__all__ = ["departement"]

pytestmark = pytest.mark.django_db
JOUR = timezone.localdate()


def test_chaque_profil_propose_des_lieux_pres_de_la_personne(departement: Departement) -> None:
    territoire = CommuneTerritoire.objects.get(commune_id=departement.commune).territoire_id
    lieux = lieux_proposes(reglage(), [], territoire=territoire, commune=departement.commune, jour=JOUR)
    assert lieux[0].type.categorie == "ccas"
    assert (
        lieux_proposes(reglage(), ["agricole"], territoire=territoire, commune="", jour=JOUR)[0].type.categorie == "msa"
    )
    assert {p.code for p in pieces_a_demander(reglage(), [])} < {
        p.code for p in pieces_a_demander(reglage(), ["salariee"])
    }
    favorables = {q.code: "oui" if q.reponse_utile else "non" for q in reglage().questions}
    assert resultat_test(reglage(), favorables) == "favorable"


def test_chaque_profil_couvre_ses_territoires(departement: Departement) -> None:
    assert lieux_instruction(JOUR)
    lignes = couverture(JOUR)
    assert all(ligne.lieux for ligne in lignes)
    assert any(ligne.couverts for ligne in lignes)


def test_reinstaller_ne_change_rien(departement: Departement) -> None:
    from jalon.cli.installation import lire_profil

    avant = (reglage(), list(Public.objects.order_by("pk").values()))
    installer_instruction(lire_profil(departement.code)[0])
    assert (reglage(), list(Public.objects.order_by("pk").values())) == avant


@pytest.mark.parametrize(
    ("champ", "valeur", "phrase"),
    [
        ("questions", [{"code": "a", "theme": "age", "texte": "?"}], "l'un des deux seulement"),
        ("questions", [{"code": "a", "theme": "age", "texte": "?", "attendu": True, "sauf": ["z"]}], "n'existe pas"),
        ("questions", [{"code": "a", "theme": "age", "texte": "?", "indice": True, "sauf": ["a"]}], "va avec"),
        ("pieces", [{"code": "p", "libelle": "P", "situations": ["z"]}], "n'existe pas"),
        ("aiguillage", [{"situation": "z", "vers": ["caf"], "source": "x"}], "n'existe pas"),
        ("aiguillage", [{"situation": "seule", "vers": ["caf"], "source": "x"}], "vaut pour tous"),
        ("publics", [{"code": "aah", "libelle": "A"}, {"code": "aah", "libelle": "B"}], "donné deux fois"),
    ],
)
def test_refuse_un_reglage_incoherent(champ: str, valeur: object, phrase: str) -> None:
    with pytest.raises(ValidationError, match=phrase):
        Instruction.model_validate(reglage().model_dump(mode="json") | {champ: valeur})


def test_un_lieu_inconnu_est_nomme() -> None:
    assert (
        "« ailleurs » n'existe pas"
        in Instruction.model_validate(
            reglage().model_dump(mode="json") | {"sites": [{"organisme": "ailleurs"}]}
        ).controler_organismes(["ici"])[0]
    )
