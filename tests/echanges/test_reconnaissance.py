"""Qui est qui, d'un flux à l'autre : dossiers, foyers, personnes, doutes."""

from __future__ import annotations

import pytest

from jalon.droits.models import DossierRsa
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.identite import cle_nir
from jalon.personnes.models import Foyer, IdentiteAnterieure, Personne, Rapprochement, Rattachement
from jalon.personnes.services import fusionner_personnes, refuser_rapprochement
from tests.distribution import Distribution
from tests.echanges.aides_mois import MOIS, Departement, Mois
from tests.echanges.flux_caf.fabrique import adresse, foyer, personne

AOUT, SEPTEMBRE, OCTOBRE, NOVEMBRE, DECEMBRE = MOIS


def nir(treize: str) -> str:
    return f"{treize}{cle_nir(treize):02d}"


UN, DEUX = nir("8850462041001"), nir("8850462041002")
LUI = {"sexe": "1", "date_naissance": "1983-02-03"}


def _codes(rapport: dict[str, list[dict[str, object]]]) -> dict[object, object]:
    return {
        a["code"]: a["nombre"] for a in rapport["anomalies"] if a["code"] not in ("code_inconnu", "absents_nombreux")
    }


# --- Numéro de demande partagé --------------------------------------------------------------------------


def _etrangers(nombre_charges: int = 0) -> list[str]:
    return [
        foyer("00000000001", matricule="1111111", personnes=[personne("UN", "ANNE")], nb_enfants=nombre_charges),
        foyer(
            "00000000001", matricule="2222222", personnes=[personne("DEUX", "BRUNO", **LUI)], nb_enfants=nombre_charges
        ),
    ]


def test_deux_foyers_etrangers_sous_un_numero_restent_deux_au_fil_des_mois(mois: Mois) -> None:
    rapport = mois(_etrangers(), AOUT).rapport
    assert rapport["foyers"]["crees"] == 2
    assert _codes(rapport) == {"numero_demande_partage": 1}
    assert sorted(DossierRsa.objects.order_by("id").values_list("rang_partage", flat=True)) == [0, 1]
    for rang, le in enumerate((SEPTEMBRE, OCTOBRE), start=1):
        foyers = _etrangers(rang)[:: (-1) ** rang]
        rapport = mois(foyers, le).rapport
        assert (rapport["foyers"]["crees"], rapport["foyers"]["mis_a_jour"]) == (0, 2)
    assert {d.foyer.rattachements.get().personne.nom for d in DossierRsa.objects.order_by("id")} == {"UN", "DEUX"}
    assert Rattachement.objects.count() == 2
    assert Foyer.objects.count() == 2


def test_le_partage_se_voit_aussi_entre_deux_fichiers(mois: Mois) -> None:
    mois(_etrangers()[:1], AOUT)
    rapport = mois(_etrangers()[1:], SEPTEMBRE).rapport
    assert _codes(rapport)["numero_demande_partage"] == 1
    assert DossierRsa.objects.count() == 2


def test_le_meme_foyer_deux_fois_dans_un_fichier(mois: Mois) -> None:
    rapport = mois([foyer(etat="2"), foyer(etat="3")], AOUT).rapport
    assert (rapport["foyers"]["lus"], rapport["foyers"]["crees"], rapport["foyers"]["mis_a_jour"]) == (2, 1, 1)
    assert _codes(rapport) == {"foyer_en_double": 1}
    assert rapport["personnes"] == {"lues": 2, "creees": 1, "mises_a_jour": 0, "inchangees": 1}
    assert DossierRsa.objects.get().situations.get(periode__endswith=None, periode__isempty=False).etat == "3"
    # Repris à l'identique, puis dans le même ordre : le dernier du fichier l'emporte encore.
    mois([foyer(etat="2"), foyer(etat="3")], SEPTEMBRE)
    assert DossierRsa.objects.get().situations.get(periode__endswith=None, periode__isempty=False).etat == "3"


# --- Nouvelle demande, séparation, même matricule -------------------------------------------------------


def test_une_nouvelle_demande_du_meme_allocataire_reste_dans_son_foyer(mois: Mois) -> None:
    mois([foyer("00000000001", matricule="2055990")], AOUT)
    mois([foyer("00000000002", matricule="2055990")], SEPTEMBRE)
    assert DossierRsa.objects.count() == 2
    assert (Foyer.objects.count(), Personne.objects.count(), Rattachement.objects.count()) == (1, 1, 1)


def test_ancienne_et_nouvelle_demande_dans_le_meme_fichier(mois: Mois) -> None:
    """Les deux dossiers se partagent un foyer : le second du fichier ne réécrit pas ce que le premier vient d'écrire."""

    def deux(rang: int, *enfants: str) -> list[str]:
        membres = [
            personne(),
            *(personne("DURAND", e, role="ENF", soumis=None, date_naissance="2020-01-01") for e in enfants),
        ]
        return [foyer(f"0000000000{n}", matricule="2055990", personnes=membres, nb_enfants=rang) for n in (1, 2)]

    mois(deux(0), AOUT)
    assert (DossierRsa.objects.count(), Foyer.objects.count()) == (2, 1)
    mois(deux(1, "LOU"), SEPTEMBRE)
    mois(deux(2, "LOU", "ZOE"), OCTOBRE)
    assert Personne.objects.count() == 3
    assert Rattachement.objects.filter(periode__endswith=None, periode__isempty=False).count() == 3


def test_le_meme_matricule_sans_personne_commune_n_est_pas_le_meme_foyer(mois: Mois) -> None:
    mois([foyer("00000000001", matricule="2055990")], AOUT)
    mois([foyer("00000000002", matricule="2055990", personnes=[personne("AUTRE", "PAUL", **LUI)])], SEPTEMBRE)
    assert Foyer.objects.count() == 2


def test_une_separation_ouvre_un_autre_foyer_sans_dedoubler(mois: Mois) -> None:
    mois([foyer("00000000001", personnes=[personne(nir=UN), personne("MARTIN", "PAUL", role="CJT", **LUI)])], AOUT)
    rapport = mois(
        [
            foyer("00000000001", personnes=[personne(nir=UN)]),
            foyer("00000000002", personnes=[personne("MARTIN", "PAUL", **LUI)]),
        ],
        SEPTEMBRE,
    ).rapport
    assert (rapport["foyers"]["crees"], rapport["personnes"]["creees"]) == (1, 0)
    assert (Foyer.objects.count(), Personne.objects.count()) == (2, 2)


# --- Une personne qui change ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        (personne(nir=""), personne(nir=UN)),
        (personne(nir=UN), personne(nir="")),
        (personne(nir=UN[:13]), personne(nir=UN)),
        (personne(nir="3850462041001"), personne(nir=UN)),
        (personne(), personne(date_naissance="1985-04-21")),
        (personne("DURAND"), personne("MARTIN", nom_naissance="DURAND")),
        (personne("LE-GOFF", "ANDRÉE"), personne("LE GOFF", "ANDREE")),
        (personne("DURAND", "CAMILLE"), personne("CAMILLE", "DURAND")),
    ],
    ids=["nir-apparu", "nir-disparu", "nir-sans-cle", "nia", "date", "nom-d-usage", "accents", "inversion"],
)  # fmt: skip
def test_la_meme_personne_dans_son_dossier(mois: Mois, avant: str, apres: str) -> None:
    mois([foyer(personnes=[avant])], AOUT)
    rapport = mois([foyer(personnes=[apres])], SEPTEMBRE).rapport
    assert Personne.objects.count() == 1
    assert rapport["soumis_droits_devoirs"] == {"total": 1, "entrees": 0, "sorties": 0}
    assert DossierRsa.objects.count() == 1


def test_un_nir_disparu_reste_connu(mois: Mois) -> None:
    mois([foyer(personnes=[personne(nir=UN)])], AOUT)
    mois([foyer(personnes=[personne(nir="", sexe="2", commune_naissance="LENS")])], SEPTEMBRE)
    qui = Personne.objects.get()
    assert (qui.type_nir, qui.commune_naissance) == ("nir", "LENS")
    assert qui.nir_empreinte is not None


@pytest.mark.parametrize("ordre", [1, -1])
def test_le_meme_nir_saisi_pour_les_deux_conjoints_ne_les_reunit_pas(mois: Mois, ordre: int) -> None:
    couple = [
        personne("DURAND", "CAMILLE", nir=UN),
        personne("DURAND", "PAUL", nir=UN, sexe="1", role="CJT"),
    ]  # fmt: skip
    rapport = mois([foyer(personnes=couple[::ordre])], AOUT).rapport
    assert rapport["personnes"]["creees"] == 2
    assert _codes(rapport) == {"nir_partage": 1}
    mois([foyer(personnes=couple[::-ordre], nb_enfants=1)], SEPTEMBRE)
    mois([foyer("00000000002", matricule="7654321", personnes=couple[::ordre])], OCTOBRE)
    assert Personne.objects.count() == 2
    assert not IdentiteAnterieure.objects.exists()
    assert not Rapprochement.objects.exists()


def test_des_jumeaux_ne_sont_ni_reunis_ni_douteux(mois: Mois) -> None:
    jumelles = [personne("DURAND", p, role="ENF", soumis=None, date_naissance="2020-01-01") for p in ("LINA", "LISA")]
    mois([foyer(personnes=[personne(), *jumelles])], AOUT)
    mois([foyer(personnes=[personne(), *jumelles[::-1]], nb_enfants=2)], SEPTEMBRE)
    assert Personne.objects.count() == 3
    assert not Rapprochement.objects.exists()


@pytest.mark.parametrize("nirs", [("", ""), ("", UN), (UN, "")])
def test_la_meme_personne_deux_fois_dans_un_foyer(mois: Mois, nirs: tuple[str, str]) -> None:
    un, deux = (personne(nir=n) for n in nirs)
    mois([foyer(personnes=[un])], AOUT)
    rapport = mois([foyer(personnes=[un, deux])], SEPTEMBRE).rapport
    assert _codes(rapport) == {"personne_en_double": 1}
    assert Personne.objects.count() == 1
    assert rapport["personnes"]["lues"] == 2


# --- Doutes ---------------------------------------------------------------------------------------------


def _doute(mois: Mois) -> dict[str, list[dict[str, object]]]:
    mois([foyer("00000000001", personnes=[personne("DURAND", "CAMILLE", nir=UN)])], AOUT)
    return mois([foyer("00000000002", personnes=[personne("DURAND", "CAMILLE", nir=DEUX)])], SEPTEMBRE).rapport


def test_un_homonyme_d_un_autre_nir_est_propose_une_seule_fois(mois: Mois) -> None:
    rapport = _doute(mois)
    assert _codes(rapport) == {"doublon_possible": 1}
    doute = Rapprochement.objects.get()
    assert doute.ancienne_id < doute.nouvelle_id
    for le in (OCTOBRE, NOVEMBRE):
        mois([foyer("00000000002", personnes=[personne("DURAND", "CAMILLE", nir=DEUX)], nb_enfants=int(le[5:7]))], le)
    assert Rapprochement.objects.count() == 1


def test_un_doute_refuse_ne_revient_pas(mois: Mois, distribution: Distribution) -> None:
    _doute(mois)
    refuser_rapprochement(Rapprochement.objects.get(), acteur=distribution.siege)
    mois([foyer("00000000002", personnes=[personne("DURAND", "CAMILLE", nir=DEUX)], nb_enfants=3)], OCTOBRE)
    assert Rapprochement.objects.get().etat == "refuse"


def test_le_seuil_du_doute_est_celui_du_departement(mois: Mois, departement: Departement) -> None:
    """Deux prénoms assez proches pour le Pas-de-Calais (80), pas assez pour le Loiret (85)."""
    lieu = [adresse(commune=departement.commune)]
    mois([foyer("00000000001", personnes=[personne("DURAND", "MARIE")], adresses=lieu)], AOUT)
    mois([foyer("00000000002", personnes=[personne("DURAND", "IRENE")], adresses=lieu)], SEPTEMBRE)
    assert Rapprochement.objects.exists() is (departement.seuil_doute == 80)


def test_mere_et_fille_sous_le_meme_nir_sont_un_doute(mois: Mois) -> None:
    mois([foyer("00000000001", personnes=[personne("DURAND", "ANNE", "1960-01-01", UN)])], AOUT)
    rapport = mois([foyer("00000000002", personnes=[personne("DURAND", "LEA", "1990-01-01", UN)])], SEPTEMBRE).rapport
    assert Personne.objects.count() == 2
    assert _codes(rapport) == {"doublon_possible": 1, "nir_partage": 1}
    assert Personne.objects.get(prenom="ANNE").date_naissance.year == 1960


@pytest.mark.parametrize(
    "double", [("DURAND", "CAMILLE", "1985-04-12"), ("CAMILLE", "DURAND", "1985-04-12"), ("DURANT", "CAMYLLE", "1985-04-12")],
    ids=["autre-nir", "inversion", "orthographe"],
)  # fmt: skip
def test_apres_une_fusion_le_flux_suivant_retrouve_la_personne_gardee(
    mois: Mois, distribution: Distribution, double: tuple[str, str, str]
) -> None:
    mois([foyer("00000000001", personnes=[personne("DURAND", "CAMILLE", nir=UN)])], AOUT)
    mois([foyer("00000000002", personnes=[personne(*double, nir=DEUX)])], SEPTEMBRE)
    deux = list(Personne.objects.order_by("id"))
    doute = Rapprochement.objects.first() or Rapprochement.objects.create(
        ancienne=deux[0], nouvelle=deux[1], score=90, motif="", date_flux="2026-09-30"
    )
    fusionner_personnes(doute, acteur=distribution.siege)
    for rang, le in enumerate((OCTOBRE, NOVEMBRE)):
        rapport = mois([foyer("00000000002", personnes=[personne(*double, nir=DEUX)], nb_enfants=rang + 1)], le).rapport
        assert (rapport["foyers"]["mis_a_jour"], rapport["personnes"]["creees"]) == (1, 0)
    rapport = mois(
        [foyer("00000000003", matricule="7654321", personnes=[personne(*double, nir=DEUX)])], DECEMBRE
    ).rapport
    assert rapport["personnes"]["creees"] == 0
    assert Personne.objects.count() == 2
    gardee = Personne.objects.get(fusionnee_dans=None)
    assert (gardee.nom, gardee.prenom) == ("DURAND", "CAMILLE")
    assert set(
        DossierRsa.objects.get(numero_demande="00000000003").foyer.rattachements.values_list("personne", flat=True)
    ) == {gardee.pk}
    assert AttenteOrientation.objects.filter(sortie_le=None).count() == 1
