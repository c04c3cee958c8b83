"""Le NIR reste caché à un délégataire, une SIAE, un opérateur ou un autre organisme, même si le rôle le voit."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from jalon.agents.models import Affectation, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import CategorieOrganisme, Organisme, TypeOrganisme
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


def perimetre_dans(distribution: Distribution, categorie: str, *, nir_visible: bool) -> Perimetre:
    """Un agent dont le rôle voit le NIR, dans un organisme de cette catégorie."""
    type_organisme = TypeOrganisme.objects.create(
        code=f"essai-{categorie}", libelle="Essai", categorie=categorie, nir_visible=nir_visible
    )
    organisme = Organisme.objects.create(code=f"essai-{categorie}", type=type_organisme, libelle="Essai")
    profil = ProfilHabilitation.objects.filter(voit_nir=True, portee="organisme").order_by("id")[0]
    Affectation.objects.create(
        agent=distribution.sans_affectation, profil=profil, organisme=organisme, periode="[2026-01-01,)"
    )
    return Perimetre.de(distribution.sans_affectation)


def test_montre_le_nir_a_qui_y_a_droit(distribution: Distribution) -> None:
    assert perimetre_dans(distribution, CategorieOrganisme.CAF, nir_visible=True).voit_nir


@pytest.mark.parametrize("categorie", sorted(CategorieOrganisme.sans_nir()))
def test_refuse_le_nir_aux_organismes_que_le_decret_n_enumere_pas(distribution: Distribution, categorie: str) -> None:
    assert not perimetre_dans(distribution, categorie, nir_visible=False).voit_nir


@pytest.mark.parametrize("categorie", sorted(CategorieOrganisme.sans_nir()))
def test_refuse_meme_qu_un_tel_type_soit_declare_voyant(db: None, categorie: str) -> None:
    with pytest.raises(IntegrityError, match="type_organisme_nir_interdit"), transaction.atomic():
        TypeOrganisme.objects.create(code="essai", libelle="Essai", categorie=categorie, nir_visible=True)


@pytest.mark.parametrize("categorie", sorted(CategorieOrganisme.sans_nir()))
def test_refuse_meme_si_la_contrainte_manquait(distribution: Distribution, categorie: str) -> None:
    """Deuxième rempart : le calcul du périmètre ne croit pas la colonne `nir_visible` seule."""
    with connection.cursor() as curseur:
        curseur.execute("alter table organismes_typeorganisme drop constraint type_organisme_nir_interdit")
    assert not perimetre_dans(distribution, categorie, nir_visible=True).voit_nir
