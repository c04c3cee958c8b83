"""La seconde muraille : PostgreSQL ne rend rien à qui n'y a pas droit, même si le filtre Python disparaît."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, models, transaction
from django.db.models import Q

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import DossierRsa
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import Adresse, Foyer, Personne
from jalon.personnes.perms import par_foyer
from jalon.socle.rls import REGISTRE, web_role
from jalon.traces.models import Acte, Lecture
from jalon.traces.services import noter_lecture, tracer
from jalon.web.socle.menu import url_ou_rien
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, une_allocataire

HORS_MURAILLE: dict[str, str] = {}
"""Tables qui mènent à une personne et restent ouvertes au rôle web, chacune avec sa raison. Aucune aujourd'hui."""

NOM = "WATTRELOSVERIF"


@pytest.fixture
def _sans_filtre_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Un filtre oublié partout : le pire oubli possible."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("jalon.") and hasattr(module, "filtre_perimetre"):
            monkeypatch.setattr(module, "filtre_perimetre", lambda *_, **__: Q())


@pytest.fixture
def allocataire(distribution: Distribution) -> Personne:
    return une_allocataire(
        territoire=distribution.territoire, en_attente=True, nom=NOM,
        accompagnee_par=distribution.partenaire.affectations.get().organisme,
    )  # fmt: skip


def compter(table: str) -> int:
    with connection.cursor() as curseur:
        curseur.execute(f'select count(*) from "{table}"')
        return int(curseur.fetchone()[0])


@pytest.mark.usefixtures("_sans_filtre_python")
class TestSansFiltrePython:
    def test_la_page_de_la_personne(self, connecte: Any, allocataire: Personne) -> None:
        assert connecte("orienteur").get(f"/personnes/{allocataire.public_id}/").status_code == 200
        assert connecte("etrangere").get(f"/personnes/{allocataire.public_id}/").status_code == 404

    def test_la_page_du_foyer(self, connecte: Any, allocataire: Personne) -> None:
        adresse = f"/foyers/{allocataire.rattachements.get().foyer.public_id}/"
        assert connecte("orienteur").get(adresse).status_code == 200
        assert connecte("etrangere").get(adresse).status_code == 404

    @pytest.mark.parametrize("profil", ["etrangere", "sans_affectation", "lecteur", "operateur"])
    @pytest.mark.parametrize(
        ("route", "requete"), [("recherche", f"?q={NOM.lower()}"), ("file_orientation", ""), ("taches", "")]
    )
    def test_les_listes(self, connecte: Any, allocataire: Personne, profil: str, route: str, requete: str) -> None:
        adresse = url_ou_rien(route)
        assert adresse, f"L'écran « {route} » manque."
        page = connecte(profil).get(f"{adresse}{requete}").content.decode().upper().replace(f'VALUE="{NOM}"', "")
        assert str(allocataire.public_id).upper() not in page

    @pytest.mark.parametrize("profil", ["etrangere", "sans_affectation", "operateur"])
    def test_les_requetes_elles_memes(self, distribution: Distribution, allocataire: Personne, profil: str) -> None:
        with web_role(Perimetre.de(getattr(distribution, profil)).reglages()):
            for modele in (Personne, Foyer, DossierRsa, AttenteOrientation):
                assert not modele.objects.exists(), modele

    @pytest.mark.parametrize("profil", ["orienteur", "partenaire", "siege"])
    def test_qui_y_a_droit_les_voit(self, distribution: Distribution, allocataire: Personne, profil: str) -> None:
        with web_role(Perimetre.de(getattr(distribution, profil)).reglages()):
            for modele in (Personne, Foyer, DossierRsa, AttenteOrientation):
                assert modele.objects.count() == 1, modele


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(REGISTRE.politiques))
def test_sans_reglage_aucune_ligne(allocataire: Personne, table: str) -> None:
    with web_role():
        assert compter(table) == 0


def test_la_fabrique_remplit_bien_les_tables_principales(allocataire: Personne) -> None:
    """Sans quoi l'essai précédent ne prouverait rien."""
    for table in ("personnes_personne", "personnes_foyer", "droits_dossierrsa", "orientations_attenteorientation"):
        assert compter(table) == 1


@pytest.mark.django_db
def test_les_politiques_declarees_sont_posees() -> None:
    with connection.cursor() as curseur:
        curseur.execute(
            "select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace "
            "and exists (select 1 from pg_policy where polrelid = pg_class.oid)"
        )
        posees = {nom for (nom,) in curseur.fetchall()}
    assert set(REGISTRE.politiques) - posees == set()


def mene_a_une_personne(modele: type[models.Model], vus: frozenset[type[models.Model]] = frozenset()) -> bool:
    """Une clé étrangère, ou une suite de clés étrangères, mène-t-elle à une personne, un foyer ou un dossier ?"""
    if modele in (Personne, Foyer, DossierRsa):
        return True
    suites = (
        champ.related_model
        for champ in modele._meta.get_fields()
        if isinstance(champ, models.ForeignKey) and champ.related_model not in vus
    )
    return any(mene_a_une_personne(suite, vus | {modele}) for suite in suites)  # type: ignore[arg-type]


def tables_personnelles() -> Iterator[str]:
    for modele in apps.get_models(include_auto_created=True):
        if modele._meta.managed and mene_a_une_personne(modele):
            yield modele._meta.db_table


@pytest.mark.parametrize("table", sorted(set(tables_personnelles())))
def test_toute_table_qui_mene_a_une_personne_est_protegee(table: str) -> None:
    assert table in REGISTRE.politiques or table in REGISTRE.fermees or HORS_MURAILLE.get(table), (
        f"{table} mène à une personne : déclarez sa politique dans le perms.py de sa pièce."
    )


def test_le_registre_ne_protege_que_des_tables_qui_existent() -> None:
    connues = {modele._meta.db_table for modele in apps.get_models(include_auto_created=True)}
    assert (
        set(REGISTRE.politiques) | REGISTRE.fermees | REGISTRE.ajout_seul | REGISTRE.lecture_seule
    ) - connues == set()


@pytest.mark.django_db
def test_le_role_web_ne_possede_rien_et_ne_contourne_rien() -> None:
    role = settings.ROLE_WEB
    with connection.cursor() as curseur:
        curseur.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = %s", [role]
        )
        assert not any(curseur.fetchone())
        curseur.execute("select count(*) from pg_class where pg_get_userbyid(relowner) = %s", [role])
        assert curseur.fetchone()[0] == 0
        curseur.execute(
            "select count(*) from pg_roles where rolname <> %s and pg_has_role(%s, oid, 'member')", [role, role]
        )
        assert curseur.fetchone()[0] == 0
        curseur.execute("select has_schema_privilege(%s, 'public', 'create')", [role])
        assert not curseur.fetchone()[0]


@pytest.mark.django_db
def test_le_role_web_ne_vide_aucune_table() -> None:
    with connection.cursor() as curseur:
        curseur.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace "
            "and has_table_privilege(%s, oid, 'truncate')",
            [settings.ROLE_WEB],
        )
        assert curseur.fetchall() == []


@pytest.mark.django_db
@pytest.mark.parametrize("modele", [Acte, Lecture])
@pytest.mark.parametrize("geste", ["update", "delete"])
def test_refuse_de_recrire_les_journaux(distribution: Distribution, modele: type[models.Model], geste: str) -> None:
    tracer("essai.acte", distribution.siege, acteur=distribution.siege, resume="Essai")
    noter_lecture(Lecture.Nature.DOSSIER, agent=distribution.siege)
    lignes = modele._default_manager.all()
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        web_role(Perimetre.de(distribution.administrateur).reglages()),
        transaction.atomic(),
    ):
        lignes.update(organisme="récrit") if geste == "update" else lignes._raw_delete(using="default")


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(REGISTRE.lecture_seule))
@pytest.mark.parametrize("geste", ["insert", "update", "delete"])
def test_refuse_de_recrire_la_loi(table: str, geste: str) -> None:
    with connection.cursor() as curseur:
        curseur.execute("select has_table_privilege(%s, %s, %s)", [settings.ROLE_WEB, table, geste])
        assert not curseur.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(REGISTRE.fermees))
def test_refuse_de_lire_l_historique_des_colonnes(table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), web_role(), transaction.atomic():
        compter(table)


@pytest.mark.django_db
def test_refuse_d_ecrire_dans_le_dossier_d_un_autre_territoire(
    distribution: Distribution, allocataire: Personne
) -> None:
    """La muraille vaut aussi à l'écriture : la ligne invisible ne peut être changée."""
    with web_role(Perimetre.de(distribution.etrangere).reglages()):
        assert Personne.objects.filter(pk=allocataire.pk).update(nom="AUTRE") == 0
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        web_role(Perimetre.de(distribution.etrangere).reglages()),
        transaction.atomic(),
    ):
        une_allocataire(territoire=distribution.territoire)


@pytest.mark.parametrize("table", ["droits_dossierrsa", "personnes_adresse", "personnes_foyer", "droits_situation"])
def test_voir_un_foyer_n_ouvre_pas_celui_d_un_autre_territoire(
    distribution: Distribution, allocataire: Personne, table: str
) -> None:
    """Chaque agent voit les lignes de son territoire, et pas une de plus : voir quelqu'un n'ouvre pas tout."""
    voisine = une_allocataire(territoire=distribution.autre_territoire)
    for personne in (allocataire, voisine):
        foyer = personne.rattachements.get().foyer
        Adresse.objects.create(foyer=foyer, rang=1, periode=EN_COURS)
    for agent in (distribution.orienteur, distribution.etrangere):
        with web_role(Perimetre.de(agent).reglages()):
            assert compter(table) == 1
    with web_role(Perimetre.de(distribution.siege).reglages()):
        assert compter(table) == 2


def test_une_politique_refuse_une_colonne_sans_table() -> None:
    """Sans le nom de sa table, `foyer_id` désignerait la colonne de la sous-requête : la condition serait vraie."""
    with pytest.raises(ValueError, match="nom de sa table"):
        par_foyer("foyer_id")
