"""Tout ce qui est reçu est gardé et daté ; un flux ancien complète sans rien effacer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jalon.droits.models import (
    Activite,
    AvisPresident,
    BlocRecu,
    DossierRsa,
    Evenement,
    Montant,
    NatureDroit,
    Reception,
    Ressource,
    Situation,
    Soumission,
    Suspension,
)
from jalon.echanges.selectors import exporter_dossier
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import Adresse, IdentiteAnterieure, Personne, Rattachement, Tache
from tests.echanges.aides_mois import MOIS, Mois
from tests.echanges.flux_caf.fabrique import (
    adresse,
    avis_droit,
    avis_personne,
    foyer,
    mois_de_ressources,
    nature,
    personne,
)

AOUT, SEPTEMBRE, OCTOBRE, NOVEMBRE, DECEMBRE = MOIS
D = date.fromisoformat


def _bornes(fait: Any) -> tuple[date, date | None]:
    return fait.periode.lower, fait.periode.upper


COMPLET = {
    "adresses": [adresse("01"), adresse("02", commune="62765"), adresse("03", etranger=["1 RUE", "GAND"], pays="BEL")],
    "etat": "4",
    "suspensions_droit": [("DA", "2026-07-01", "RSA"), ("DB", "2026-08-01")],
    "suspensions_versement": [("01", "2026-08-01"), ("02", "2026-08-15")],
    "natures": [nature("RSD"), nature("RCD", "RCDN1"), nature("RSI", "RSIN1")],
    "avis": avis_droit(conditions=[("A", "01", "un", "deux", "2026-01-01")], reductions=[("80.00", "2026-02-01", None)]),
    "cedant": ("CAF", "594", "2055990", "2026-07-01"),
    "evenements": [("2026-08-02", "08:30:00", "DEMRSA"), ("2026-08-03", "09:00:00", "ADR")],
    "anomalies": ["REGULARISER LE DOSSIER"],
    "personnes": [
        personne(
            nir="8850462041001", activites=[("CDI", "2020-01-01", "2023-12-31"), ("CHO", "2024-01-01")],
            ressources=[mois_de_ressources("2026-07-01", ("001", "800.00"), ("010", "120.00", "N"))],
            avis_pcg=avis_personne(exclusion=("O", "2026-01-01", None)),
            grossesse=("2026-05-01", None, "2026-06-01", None), identifiant_pole_emploi="0123456A",
        ),
        personne("MARTIN", "PAUL", sexe="1", role="CJT", date_naissance="1983-01-01"),
        personne("MARTIN", "LOU", role="ENF", soumis=None, date_naissance="2019-02-03", activites=()),
    ],
}  # fmt: skip


def test_tout_est_garde_date_du_flux(mois: Mois) -> None:
    mois([foyer(**COMPLET)], AOUT)
    comptes = {
        modele.__name__: modele.objects.count()
        for modele in (Rattachement, Adresse, Situation, Montant, NatureDroit, Suspension, Soumission, Ressource,
                       Activite, AvisPresident, BlocRecu, Evenement, Reception)
    }  # fmt: skip
    assert comptes == {
        "Rattachement": 3, "Adresse": 3, "Situation": 1, "Montant": 1, "NatureDroit": 3, "Suspension": 4,
        "Soumission": 2, "Ressource": 2, "Activite": 3, "AvisPresident": 3, "BlocRecu": 2, "Evenement": 2, "Reception": 1,
    }  # fmt: skip
    for modele in (Rattachement, Adresse, Situation, Montant, Suspension, Ressource, BlocRecu):
        assert {_bornes(f) for f in modele.objects.order_by("id")} == {(D(AOUT), None)}
    assert Personne.objects.get(prenom="CAMILLE").identifiant_france_travail == "0123456A"
    situation = Situation.objects.get()
    assert (situation.etat, situation.cedant, situation.cedant_matricule) == ("4", "CAF 594", "2055990")
    assert {r.role for r in Rattachement.objects.order_by("id")} == {"DEM", "CJT", "ENF"}
    export = exporter_dossier(DossierRsa.objects.get())
    assert len(export["suspensions"]) == 4
    assert export["etat"]["libelle"] != "code inconnu"
    assert {b["bloc"] for b in export["autres_blocs"]} == {"Anomalie", "Grossesse"}


def test_l_etat_passe_se_lit_a_sa_date(mois: Mois) -> None:
    mois([foyer(suspensions_droit=[("DA", "2026-08-01"), ("DB", "2026-08-01")], etat="3")], AOUT)
    mois([foyer(suspensions_droit=[("DB", "2026-08-01")], etat="3")], SEPTEMBRE)
    mois([foyer(etat="5", fin_droit=("RSO", "2026-10-05"))], OCTOBRE)

    def le(jour: str) -> tuple[str, set[str]]:
        situation = Situation.objects.get(periode__contains=D(jour))
        return situation.etat, set(
            Suspension.objects.filter(periode__contains=D(jour)).order_by("id").values_list("motif", flat=True)
        )

    assert le(AOUT) == ("3", {"DA", "DB"})
    assert le("2026-09-29") == ("3", {"DA", "DB"})
    assert le(SEPTEMBRE) == ("3", {"DB"})
    assert le(OCTOBRE) == ("5", set())
    assert (Situation.objects.get(etat="5").cloture_motif, Situation.objects.get(etat="5").cloture_le) == (
        "RSO", D("2026-10-05"),
    )  # fmt: skip


def test_refus_et_mutation_sortante(mois: Mois) -> None:
    rapport = mois(
        [
            foyer("00000000001", etat="1", refus=("F02", "2026-08-20"), personnes=[personne("UN")]),
            foyer("00000000002", etat="5", prenant=("CAF", "751", "2026-08-15"), fin_droit=("MUT", "2026-08-15"),
                  personnes=[personne("DEUX")]),
        ],
        AOUT,
    ).rapport  # fmt: skip
    assert (rapport["mouvements"]["refuses"], rapport["mouvements"]["partis"], rapport["mouvements"]["clos"]) == (
        1,
        1,
        1,
    )
    assert Situation.objects.get(etat="1").refus_motif == "F02"
    assert Situation.objects.get(etat="5").prenant == "CAF 751"


def test_un_evenement_repete_ne_se_dedouble_pas(mois: Mois) -> None:
    un, deux = ("2026-08-02", "08:30:00", "DEMRSA"), ("2026-09-02", "08:30:00", "ADR")
    mois([foyer(evenements=[un])], AOUT)
    mois([foyer(evenements=[un, deux])], SEPTEMBRE)
    mois([foyer()], OCTOBRE)
    assert [(e.fait_generateur, e.recu_le) for e in Evenement.objects.order_by("id")] == [
        ("DEMRSA", D(AOUT)), ("ADR", D(SEPTEMBRE)),
    ]  # fmt: skip


def test_identite_et_adresse_anterieures(mois: Mois) -> None:
    mois([foyer(personnes=[personne("DURAND", "CAMILLE")], adresses=[adresse(voie="UNE")])], AOUT)
    mois(
        [foyer(personnes=[personne("MARTIN", "CAMILLE", nom_naissance="DURAND")], adresses=[adresse(voie="DEUX")])],
        SEPTEMBRE,
    )
    assert (Personne.objects.get().nom, Personne.objects.get().identite_depuis) == ("MARTIN", D(SEPTEMBRE))
    ancienne = IdentiteAnterieure.objects.get()
    assert (ancienne.nom, _bornes(ancienne)) == ("DURAND", (D(AOUT), D(SEPTEMBRE)))
    assert {(a.voie, *_bornes(a)) for a in Adresse.objects.order_by("id")} == {
        ("UNE", D(AOUT), D(SEPTEMBRE)), ("DEUX", D(SEPTEMBRE), None),
    }  # fmt: skip


def test_un_nir_faux_ne_remplace_pas_un_nir_sur(mois: Mois) -> None:
    mois([foyer(personnes=[personne(nir="8850462041001")])], AOUT)
    avant = Personne.objects.get()
    mois([foyer(personnes=[personne(nir="885046204100100")])], SEPTEMBRE)
    mois([foyer(personnes=[personne(nir="ILLISIBLE")], nb_enfants=1)], OCTOBRE)
    apres = Personne.objects.get()
    assert (bytes(apres.nir_empreinte), apres.type_nir, bytes(apres.nir_chiffre)) == (
        bytes(avant.nir_empreinte), "nir", bytes(avant.nir_chiffre),
    )  # fmt: skip
    assert not IdentiteAnterieure.objects.exists()


# --- Flux ancien ----------------------------------------------------------------------------------------


def _present() -> dict[str, Any]:
    """Ce qu'un flux ancien n'a pas le droit de changer."""
    vivants = {"periode__endswith": None, "periode__isempty": False}
    return {
        "personne": list(Personne.objects.order_by("id").values("nom", "prenom", "territoire_id", "identite_depuis")),
        "etat": list(Situation.objects.filter(**vivants).order_by("id").values_list("dossier_id", "etat")),
        "adresse": list(Adresse.objects.filter(**vivants).order_by("id").values_list("foyer_id", "voie")),
        "soumission": list(Soumission.objects.filter(**vivants).order_by("id").values_list("personne_id", "soumise")),
        "attentes": list(AttenteOrientation.objects.order_by("id").values()),
        "taches": list(Tache.objects.order_by("id").values()),
    }


@pytest.mark.parametrize("ancien", ["2026-07-31", "2026-09-30"], ids=["avant-tout", "entre-deux"])
def test_un_flux_ancien_n_ecrase_rien(mois: Mois, ancien: str) -> None:
    mois(
        [foyer(personnes=[personne("MARTIN", nom_naissance="DURAND", soumis=True)], adresses=[adresse(voie="DEUX")])],
        AOUT,
    )
    mois(
        [
            foyer(
                personnes=[personne("MARTIN", nom_naissance="DURAND", soumis=True)],
                adresses=[adresse(voie="DEUX")],
                nb_enfants=1,
            )
        ],
        OCTOBRE,
    )
    present = _present()
    rapport = mois(
        [
            foyer(
                personnes=[personne("DURAND", soumis=False)], adresses=[adresse(voie="UNE", commune="62765")], etat="5"
            )
        ],
        ancien,
    ).rapport
    assert {"code": "flux_ancien", "nombre": 1} in rapport["anomalies"]
    assert rapport["foyers"]["mis_a_jour"] == 1
    assert rapport["soumis_droits_devoirs"]["sorties"] == 0
    assert _present() == present
    assert Situation.objects.get(periode__contains=D(ancien)).etat == "5"
    assert not Soumission.objects.get(periode__contains=D(ancien)).soumise
    assert IdentiteAnterieure.objects.get(periode__contains=D(ancien)).nom == "DURAND"


def test_un_flux_du_meme_jour_emis_plus_tot_ne_change_pas_le_present(mois: Mois) -> None:
    mois([foyer(etat="2")], AOUT, heure="10:00:00")
    present = _present()
    mois([foyer(etat="3")], AOUT, heure="09:00:00")
    assert _present() == present
    assert Situation.objects.get(etat="3").periode.isempty


def test_un_flux_du_meme_jour_emis_plus_tard_corrige(mois: Mois) -> None:
    mois([foyer(etat="2", personnes=[personne(soumis=True)])], AOUT, heure="09:00:00")
    rapport = mois([foyer(etat="2", personnes=[personne(soumis=False)])], AOUT, heure="10:00:00").rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 0, "entrees": 0, "sorties": 1}
    assert Soumission.objects.filter(periode__isempty=False).count() == 1


def test_un_lot_qui_mele_ancien_et_recent_ne_touche_pas_aux_faits_clos(mois: Mois) -> None:
    """Un foyer absent du dernier flux est traité comme récent, à côté d'un foyer traité comme ancien."""

    def deux(etat_un: str, etat_deux: str) -> list[str]:
        return [
            foyer("00000000001", personnes=[personne("UN", "A")], etat=etat_un),
            foyer("00000000002", personnes=[personne("DEUX", "B")], etat=etat_deux),
        ]

    mois(deux("2", "2"), AOUT)
    mois(deux("3", "3"), SEPTEMBRE)
    mois(deux("2", "2")[:1], NOVEMBRE)  # le second manque
    mois(deux("4", "4"), OCTOBRE)
    par_dossier = {
        numero: [
            (s.etat, *_bornes(s)) for s in Situation.objects.filter(dossier__numero_demande=numero).order_by("periode")
        ]
        for numero in ("00000000001", "00000000002")
    }
    commun = [("2", D(AOUT), D(SEPTEMBRE)), ("3", D(SEPTEMBRE), D(OCTOBRE))]
    assert par_dossier == {
        "00000000001": [*commun, ("4", D(OCTOBRE), D(NOVEMBRE)), ("2", D(NOVEMBRE), None)],
        "00000000002": [*commun, ("4", D(OCTOBRE), None)],
    }


def test_un_dossier_ancien_decouvert_tard_n_ecrase_pas_l_identite(mois: Mois) -> None:
    """La personne est connue plus récemment dans un autre dossier : c'est celui-là qui dit son nom et son territoire."""
    mois(
        [
            foyer(
                "00000000002",
                personnes=[personne("MARTIN", nom_naissance="DURAND")],
                adresses=[adresse(commune="62765")],
            )
        ],
        OCTOBRE,
    )
    avant = list(Personne.objects.values("nom", "territoire_id", "identite_depuis").order_by("id"))
    mois([foyer("00000000001", personnes=[personne("DURAND")], adresses=[adresse(commune="62498")])], AOUT)
    assert list(Personne.objects.values("nom", "territoire_id", "identite_depuis").order_by("id")) == avant
    ancienne = IdentiteAnterieure.objects.get()
    assert (ancienne.nom, _bornes(ancienne)) == ("DURAND", (D(AOUT), D(OCTOBRE)))


def test_une_identite_ancienne_repetee_n_est_gardee_qu_une_fois(mois: Mois) -> None:
    mois([foyer(personnes=[personne("DURAND")])], AOUT)
    mois([foyer(personnes=[personne("MARTIN", nom_naissance="DURAND")])], OCTOBRE)
    mois([foyer(personnes=[personne("DURAND")], nb_enfants=1)], SEPTEMBRE)
    assert [_bornes(i) for i in IdentiteAnterieure.objects.order_by("id")] == [(D(AOUT), D(OCTOBRE))]


INSTANTANES = st.lists(
    st.tuples(
        st.sampled_from(["2", "3", "5"]),
        st.sets(st.sampled_from(["DA", "DB", "DC"])),
        st.sampled_from([True, False, None]),
    ),
    min_size=2, max_size=4,
)  # fmt: skip


def _histoire() -> list[Any]:
    def lignes(modele: Any, *champs: str) -> list[tuple[Any, ...]]:
        return sorted(
            (*(str(getattr(f, c)) for c in champs), str(f.periode.lower), str(f.periode.upper or "9999"))
            for f in modele.objects.filter(periode__isempty=False).order_by("id")
        )

    return [
        lignes(Situation, "etat"), lignes(Suspension, "cible", "motif"), lignes(Soumission, "soumise"),
        lignes(Rattachement, "role"), lignes(Adresse, "voie"), lignes(Montant, "total"),
    ]  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INSTANTANES.flatmap(lambda i: st.tuples(st.just(i), st.permutations(range(len(i))))))
def test_l_histoire_ne_depend_pas_de_l_ordre_des_flux(
    mois: Mois, tirage: tuple[list[tuple[str, set[str], bool | None]], list[int]]
) -> None:
    instantanes, ordre = tirage

    def importer(rangs: list[int]) -> list[Any]:
        with transaction.atomic():
            for rang in rangs:
                etat, motifs, soumis = instantanes[rang]
                mois(
                    [foyer(etat=etat, suspensions_droit=[(m, "2026-01-01") for m in sorted(motifs)],
                           personnes=[personne(soumis=soumis)], adresses=[adresse(voie=f"RUE {etat}")])],
                    MOIS[rang],
                )  # fmt: skip
            histoire = _histoire()
            transaction.set_rollback(True)
        return histoire

    assert importer(ordre) == importer(sorted(ordre))
