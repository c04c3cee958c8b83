"""Les orientations décidées : T12 par période et territoire, et les indicateurs qui en viennent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse

from jalon.observatoire.orientations import Periode, calculer, orientations_realisees
from jalon.organismes.models import Organisme, Territoire
from jalon.orientations.models import DecisionOrientation, MotifOrientation, PropositionOrientation, TypeOrientation
from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
PE, SOLIDARITE = "pole_emploi", "solidarite"


def decidee(personne: Personne, type_: str, le: date, *, au: date | None = None, **plus: Any) -> DecisionOrientation:
    return DecisionOrientation.objects.create(
        personne=personne, type=TypeOrientation.objects.get(code=type_), territoire=personne.territoire,
        organisme=Organisme.objects.order_by("id")[0], origine="directe", decidee_le=le, periode=DateRange(le, au),
        **plus,
    )  # fmt: skip


@pytest.fixture
def lieu(distribution: Distribution) -> Territoire:
    return distribution.territoire


def test_t12_compte_des_personnes_par_territoire_et_par_type(distribution: Distribution, lieu: Territoire) -> None:
    for type_ in (PE, PE, SOLIDARITE):
        decidee(une_allocataire(territoire=lieu), type_, date(2026, 10, 5))
    decidee(une_allocataire(territoire=distribution.autre_territoire), SOLIDARITE, date(2026, 10, 6))

    t12 = orientations_realisees(Periode(date(2026, 10, 31), date(2026, 10, 1)))

    par_lieu = {ligne.code: ligne.effectifs for ligne in t12.lignes}
    assert par_lieu[lieu.code] == {PE: 2, "insertion_professionnelle": 0, SOLIDARITE: 1}
    assert par_lieu[distribution.autre_territoire.code][SOLIDARITE] == 1
    assert (t12.total.effectifs[PE], t12.total.total) == (2, 4)
    assert t12.part(t12.total, PE) == Decimal("50.00")


def test_une_personne_orientee_deux_fois_compte_une_fois_dans_la_derniere(lieu: Territoire) -> None:
    personne = une_allocataire(territoire=lieu)
    decidee(personne, SOLIDARITE, date(2026, 10, 5), au=date(2026, 10, 20))
    decidee(personne, PE, date(2026, 10, 20))
    assert dict(orientations_realisees(Periode(date(2026, 10, 31))).total.effectifs)[PE] == 1
    assert orientations_realisees(Periode(date(2026, 10, 31))).total.total == 1
    # À la date d'avant, la même question a la réponse d'avant.
    avant = orientations_realisees(Periode(date(2026, 10, 19))).total.effectifs
    assert (avant[PE], avant[SOLIDARITE]) == (0, 1)


def test_une_decision_annulee_n_est_comptee_nulle_part(lieu: Territoire) -> None:
    annulee = decidee(une_allocataire(territoire=lieu), PE, date(2026, 10, 5))
    assert orientations_realisees(Periode(date(2026, 10, 31))).total.total == 1
    DecisionOrientation.objects.filter(pk=annulee.pk).update(
        annulee_le=date(2026, 10, 6), motif_annulation="Erreur de personne", periode=DateRange(empty=True)
    )
    assert orientations_realisees(Periode(date(2026, 10, 31))).total.total == 0


def test_les_petits_effectifs_se_masquent_a_la_publication(distribution: Distribution, lieu: Territoire) -> None:
    for _ in range(6):
        decidee(une_allocataire(territoire=lieu), PE, date(2026, 10, 5))
    decidee(une_allocataire(territoire=distribution.autre_territoire), PE, date(2026, 10, 5))
    publie = orientations_realisees(Periode(date(2026, 10, 31)), seuil=5)
    par_lieu = {ligne.code: ligne.effectifs[PE] for ligne in publie.lignes}
    assert par_lieu[distribution.autre_territoire.code] is None
    assert par_lieu[lieu.code] is None  # sinon 7 − 6 le redonnerait


def test_i09_rapporte_les_personnes_orientees_aux_soumises(lieu: Territoire) -> None:
    decidee(une_allocataire(territoire=lieu), PE, date(2026, 10, 5))
    for _ in range(2):
        une_allocataire(territoire=lieu)
    decidee(une_allocataire(territoire=lieu, soumise=False), PE, date(2026, 10, 5))
    i09 = calculer("I09", date(2026, 10, 31))
    assert (i09["numerateur"], i09["denominateur"], i09["valeur"]) == (1, 3, Decimal("33.33"))


def test_i22_compte_les_reorientations_et_leur_sens(lieu: Territoire) -> None:
    personne = une_allocataire(territoire=lieu)
    decidee(personne, SOLIDARITE, date(2026, 5, 5), au=date(2026, 10, 5))
    decidee(personne, PE, date(2026, 10, 5))
    decidee(une_allocataire(territoire=lieu), PE, date(2026, 10, 5))
    i22 = calculer("I22", date(2026, 10, 31), du=date(2026, 10, 1))
    assert (i22["valeur"], i22["denominateur"]) == (1, 1)
    variantes = {v["code"]: v["numerateur"] for v in i22["variantes"]}
    assert (variantes["sociale>professionnelle"], variantes["meme_sphere"]) == (1, 0)


def test_i22_dit_le_motif_et_combien_de_fois_par_personne(lieu: Territoire) -> None:
    motif = MotifOrientation.objects.order_by("pk")[0]
    souvent, une_fois = une_allocataire(territoire=lieu), une_allocataire(territoire=lieu)
    decidee(souvent, SOLIDARITE, date(2026, 3, 5), au=date(2026, 5, 5))
    decidee(souvent, PE, date(2026, 5, 5), au=date(2026, 10, 5), motif=motif)
    decidee(souvent, SOLIDARITE, date(2026, 10, 5))
    decidee(une_fois, SOLIDARITE, date(2026, 3, 5), au=date(2026, 5, 5))
    decidee(une_fois, PE, date(2026, 5, 5), motif=motif)
    i22 = calculer("I22", date(2026, 10, 31))
    variantes = {v["code"]: v["numerateur"] for v in i22["variantes"]}
    assert (i22["valeur"], i22["denominateur"]) == (3, 2)
    assert (variantes[f"motif_{motif.code}"], variantes["motif_aucun"]) == (2, 1)
    assert [variantes[f"personnes_{n}"] for n in ("1", "2", "3_plus")] == [1, 1, 0]
    assert variantes["professionnelle>sociale"] == 1


def test_une_decision_reste_comptee_ou_elle_fut_prise(distribution: Distribution, lieu: Territoire) -> None:
    """Qui déménage n'emporte pas ses décisions : l'indicateur d'un territoire dit ce que dit sa ligne de T12."""
    personne = une_allocataire(territoire=lieu)
    decidee(personne, SOLIDARITE, date(2026, 5, 5), au=date(2026, 10, 5))
    decidee(personne, PE, date(2026, 10, 5))
    personne.territoire = distribution.autre_territoire
    personne.save(update_fields=["territoire"])
    ici, ailleurs = lieu.code, distribution.autre_territoire.code
    for code, attendu in (("I10", (1, 0)), ("I22", (1, 0))):
        lus = [calculer(code, date(2026, 10, 31), territoire)["numerateur"] for territoire in (ici, ailleurs)]
        assert tuple(lus) == attendu, code
    assert calculer("I22", date(2026, 10, 31), permis=frozenset({ici}))["numerateur"] == 1
    assert calculer("I22", date(2026, 10, 31), permis=frozenset({ailleurs}))["numerateur"] == 0
    assert calculer("I22", date(2026, 10, 31), ici, permis=frozenset({ailleurs}))["numerateur"] == 0


def test_i22_compte_une_reorientation_du_meme_jour(lieu: Territoire) -> None:
    personne, jour = une_allocataire(territoire=lieu), date(2026, 10, 5)
    decidee(personne, SOLIDARITE, jour, au=jour)
    decidee(personne, PE, jour)
    i22 = calculer("I22", date(2026, 10, 31))
    assert (i22["valeur"], {v["code"]: v["numerateur"] for v in i22["variantes"]}["sociale>professionnelle"]) == (1, 1)


def test_i29_compte_les_decisions_qui_s_ecartent_de_l_avis(lieu: Territoire) -> None:
    for decide in (PE, SOLIDARITE):
        personne = une_allocataire(territoire=lieu)
        avis = PropositionOrientation.objects.create(
            personne=personne, liste="essai", type=TypeOrientation.objects.get(code=PE)
        )
        decidee(personne, decide, date(2026, 10, 5), proposition=avis)
    i29 = calculer("I29", date(2026, 10, 31))
    assert (i29["numerateur"], i29["denominateur"], i29["valeur"]) == (1, 2, Decimal("50.00"))


def test_la_page_ouvre_chaque_nombre_sur_ses_personnes(connecte: Any, lieu: Territoire) -> None:
    decidee(une_allocataire(territoire=lieu, nom="MARTINEAU"), PE, date(2026, 10, 5))
    siege = connecte("siege")
    page = siege.get(reverse("tableau_orientations")).content.decode()
    porte = f"territoire={lieu.code}&amp;type={PE}"
    assert porte in page
    derriere = siege.get(reverse("tableau_orientations_dossiers"), {"territoire": lieu.code, "type": PE})
    assert "Martineau" in derriere.content.decode()
    autre = siege.get(reverse("tableau_orientations_dossiers"), {"territoire": lieu.code, "type": SOLIDARITE})
    assert "Martineau" not in autre.content.decode()


def test_un_agent_d_un_autre_territoire_n_y_voit_rien(connecte: Any, lieu: Territoire) -> None:
    decidee(une_allocataire(territoire=lieu), PE, date(2026, 10, 5))
    page = connecte("etrangere").get(reverse("tableau_orientations")).content.decode()
    assert lieu.libelle not in page
    assert connecte("etrangere").get(reverse("tableau_orientations"), {"territoire": lieu.code}).status_code == 404


def test_l_export_donne_les_memes_nombres(connecte: Any, lieu: Territoire) -> None:
    decidee(une_allocataire(territoire=lieu), PE, date(2026, 10, 5))
    reponse = connecte("siege").get(reverse("tableau_orientations_export", args=["csv"]))
    contenu = b"".join(reponse.streaming_content) if reponse.streaming else reponse.content
    assert f"{lieu.libelle};1;100".encode() in contenu.replace(b'"', b"")


def test_l_export_d_une_page_a_publier_est_masque_comme_elle(connecte: Any, lieu: Territoire) -> None:
    decidee(une_allocataire(territoire=lieu), PE, date(2026, 10, 5))
    page = connecte("siege").get(reverse("tableau_orientations"), {"publication": "oui"})
    adresse = next(url for nom, url in page.context["formats"] if nom == "CSV")
    reponse = connecte("siege").get(adresse)
    contenu = b"".join(reponse.streaming_content) if reponse.streaming else reponse.content
    assert f"{lieu.libelle};s".encode() in contenu.replace(b'"', b"")
