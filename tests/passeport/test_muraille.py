"""La seconde muraille du livret : sous le rôle de la personne, ses lignes, et pas une d'une autre."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection, models

from jalon.accompagnements.models import FicheNavette, MessageNavette
from jalon.personnes.models import Personne, Tache, TypeTache
from jalon.socle.rls import REGISTRE, Reglages, web_role
from tests.distribution import Distribution
from tests.passeport.aides import entree, livret_plein, un_acces

OUVERTES = {
    "accompagnements_accompagnement",
    "accompagnements_designationcorrespondant",
    "accompagnements_designationreferent",
    "contrats_contrat",
    "contrats_etape",
    "contrats_objectif",
    "contrats_passagecontrat",
    "diagnostics_passation",
    "diagnostics_reponse",
    "documents_contenudocument",
    "documents_document",
    "orientations_decisionorientation",
    "passeport_accespersonnel",
    "passeport_demarchepersonnelle",
    "passeport_experience",
    "passeport_profilcompetences",
    "personnes_coordonnees",
    "rendezvous_noteentretien",
    "rendezvous_rendezvous",
}
"""Tables où la personne pleine a des lignes, et les lit ; toute autre table protégée lui reste vide."""


@pytest.fixture
def elles(distribution: Distribution) -> tuple[Personne, Personne]:
    """Deux livrets pleins, avec tout ce que la personne ne doit pas lire."""
    cache.clear()
    personnes = livret_plein(distribution), livret_plein(distribution, "VOISINE")
    for personne in personnes:
        fiche = FicheNavette.objects.create(
            personne=personne, objet="Entre professionnels", auteur=distribution.partenaire,
            agents=[distribution.collegue.pk],
        )  # fmt: skip
        MessageNavette.objects.create(
            fiche=fiche, nature="question", auteur=distribution.partenaire, texte="À ne pas montrer"
        )
        Tache.objects.create(
            type=TypeTache.RECUEIL, personne=personne, territoire=distribution.territoire, ouverte_le="2026-10-01"
        )
    return personnes


def compter(table: str) -> int:
    with connection.cursor() as curseur:
        curseur.execute(f'select count(*) from "{table}"')
        return int(curseur.fetchone()[0])


def vues() -> dict[str, int]:
    return {table: nombre for table in sorted(REGISTRE.politiques) if (nombre := compter(table))}


def lignes(table: str) -> int:
    modele = next(m for m in apps.get_models() if m._meta.db_table == table)
    return int(modele._base_manager.count())


def test_elle_lit_ses_lignes_et_aucune_autre(distribution: Distribution, elles: Any) -> None:
    elle, voisine = elles
    un_acces(distribution, elle)
    un_acces(distribution, voisine)
    en_tout = {table: lignes(table) for table in OUVERTES}
    with web_role(Reglages(personne=elle.pk)):
        siennes = vues()
    with web_role(Reglages(personne=voisine.pk)):
        de_l_autre = vues()
    assert set(siennes) == OUVERTES
    assert siennes == de_l_autre
    # Deux livrets pareils : chacune lit exactement la moitié de chaque table.
    assert {table: 2 * nombre for table, nombre in siennes.items()} == en_tout


def test_aucune_ligne_lue_ne_nomme_une_autre_personne(distribution: Distribution, elles: Any) -> None:
    elle, voisine = elles
    un_acces(distribution, elle)
    with web_role(Reglages(personne=elle.pk)):
        for modele in apps.get_models():
            if modele._meta.db_table not in REGISTRE.politiques:
                continue
            if any(isinstance(c, models.ForeignKey) and c.name == "personne" for c in modele._meta.get_fields()):
                assert not modele._base_manager.filter(personne_id=voisine.pk).exists(), modele


def test_sans_acces_ouvert_ses_papiers_se_ferment(distribution: Distribution, elles: Any) -> None:
    elle, _ = elles
    acces, _ = un_acces(distribution, elle)
    with web_role(Reglages(personne=elle.pk)):
        assert compter("documents_document") == 1
    type(acces).objects.update(revoque_le="2026-11-01T00:00:00Z", motif_revocation="Papier perdu")
    with web_role(Reglages(personne=elle.pk)):
        assert compter("documents_document") == 0


def test_elle_n_ecrit_que_chez_elle(distribution: Distribution, elles: Any) -> None:
    elle, voisine = elles
    with web_role(Reglages(personne=elle.pk)):
        for table in ("passeport_profilcompetences", "contrats_contrat", "personnes_coordonnees"):
            with connection.cursor() as curseur:
                curseur.execute(f'update "{table}" set personne_id = personne_id where personne_id = %s', [voisine.pk])
                assert curseur.rowcount == 0


@pytest.mark.parametrize(
    "adresse",
    [
        "accueil/", "parcours/", "rendez-vous/", "contrats/", "papiers/", "entretiens/", "demarches/", "competences/",
        "experience/", "droits/", "mon-cv.pdf", "mon-livret.pdf",
    ],
)  # fmt: skip
def test_aucune_page_ne_montre_la_voisine_ni_ce_qui_est_entre_professionnels(
    distribution: Distribution, elles: Any, adresse: str
) -> None:
    elle, _ = elles
    page = entree(elle, un_acces(distribution, elle)[1]).get(f"/livret/{adresse}")
    assert page.status_code == 200
    if not adresse.endswith(".pdf"):
        for tu in ("VOISINE", "Voisine", "À ne pas montrer", "Entre professionnels", "Entre nous"):
            assert tu not in page.content.decode()


def test_refuse_le_papier_et_l_etape_d_une_autre(distribution: Distribution, elles: Any) -> None:
    elle, voisine = elles
    client = entree(elle, un_acces(distribution, elle)[1])
    contrat = voisine.contrats.get()
    assert client.get(f"/livret/papiers/{contrat.document.public_id}/").status_code == 404
    etape = contrat.objectifs.get().etapes.order_by("rang")[0]
    assert client.post(f"/livret/etapes/{etape.public_id}/").status_code == 404 or etape.etat == "a_faire"
    etape.refresh_from_db()
    assert etape.etat == "a_faire"
