"""La fonction SQL de recherche montre exactement ce que montre la sécurité par ligne, à qui y a droit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection

from jalon.personnes.models import Personne
from jalon.socle.rls import Reglages, web_role
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


def par_la_fonction(reglages: Reglages) -> set[int]:
    with web_role(reglages), connection.cursor() as curseur:
        curseur.execute("select personne from rechercher_personnes('lefevre', 100)")
        return {cle for (cle,) in curseur.fetchall()}


def par_la_politique(reglages: Reglages) -> set[int]:
    with web_role(reglages):
        return set(
            Personne.objects.filter(nom="LEFEVRE", fusionnee_dans=None).order_by("pk").values_list("pk", flat=True)
        )


def test_la_fonction_filtre_comme_la_politique(distribution: Distribution) -> None:
    organisme = distribution.partenaire.affectations.get().organisme
    ici, ailleurs = distribution.territoire, distribution.autre_territoire
    une_allocataire(nom="LEFEVRE", territoire=ici)
    une_allocataire(nom="LEFEVRE", territoire=ailleurs)
    une_allocataire(nom="LEFEVRE", territoire=ailleurs, accompagnee_par=organisme)
    gardee = une_allocataire(nom="LEFEVRE", territoire=None)
    Personne.objects.filter(pk=une_allocataire(nom="LEFEVRE", territoire=ici).pk).update(fusionnee_dans=gardee)
    rien = Reglages(agent=1)
    attendus = {
        rien: 0,
        replace(rien, tout=True): 4,
        replace(rien, territoires=frozenset({ici.pk})): 1,
        replace(rien, territoires=frozenset({ici.pk, ailleurs.pk})): 3,
        replace(rien, organismes=frozenset({organisme.pk})): 1,
        replace(rien, territoires=frozenset({ici.pk}), organismes=frozenset({organisme.pk})): 2,
    }
    for reglages, nombre in attendus.items():
        assert len(par_la_fonction(reglages)) == nombre, reglages
        assert par_la_fonction(reglages) == par_la_politique(reglages), reglages


def test_le_plus_ressemblant_vient_d_abord(db: None) -> None:
    une_allocataire(nom="LEFEBVRE", prenom="ELODIE")
    exacte = une_allocataire(nom="LEFEVRE", prenom="ELODIE")
    with web_role(Reglages(tout=True)), connection.cursor() as curseur:
        curseur.execute("select personne, score from rechercher_personnes('elodie lefevre', 10)")
        lignes = curseur.fetchall()
    assert len(lignes) == 2
    assert lignes[0] == (exacte.pk, 1.5)


@pytest.mark.parametrize("texte", ["'; drop table personnes_personne; --", "%%", "\\m", "   ", "'", "é"])
def test_un_texte_hostile_ne_trouve_rien_et_ne_casse_rien(db: None, texte: str) -> None:
    une_allocataire(nom="LEFEVRE")
    with web_role(Reglages(tout=True)), connection.cursor() as curseur:
        curseur.execute("select * from rechercher_personnes(%s, 10)", [texte])
        assert curseur.fetchall() == []


def test_refuse_un_role_qui_n_est_pas_le_web(db: None) -> None:
    with connection.cursor() as curseur:
        curseur.execute(
            "select has_function_privilege('public', p.oid, 'execute'), "
            "has_function_privilege('jalon_web', p.oid, 'execute'), p.prosecdef "
            "from pg_proc p where p.proname = 'rechercher_personnes'"
        )
        assert curseur.fetchone() == (False, True, True)


def test_le_seuil_de_ressemblance_est_rendu(db: None) -> None:
    with web_role(Reglages(tout=True)), connection.cursor() as curseur:
        curseur.execute("select * from rechercher_personnes('lefevre', 10)")
        curseur.execute("show pg_trgm.word_similarity_threshold")
        assert curseur.fetchone() == ("0.6",)
