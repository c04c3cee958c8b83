"""Deux mois d'une population entière, sous chaque profil : ce que l'import dit est ce que le générateur a fait."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from jalon.cli.demonstration import contexte
from jalon.droits.models import DossierRsa
from jalon.echanges.demonstration import ecrire_mois_initial, ecrire_mois_suivant
from jalon.echanges.models import Quarantaine
from jalon.echanges.services import importer_flux
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import Personne
from tests.echanges.aides_mois import Departement, _lire

TAILLE, GRAINE, PREMIER = 600, 62, date(2026, 9, 30)


def test_deux_mois(departement: Departement, tmp_path: Path) -> None:
    commun = {"taille": TAILLE, "graine": GRAINE, "date_reference": PREMIER}
    decor = contexte(*_lire(departement.code))
    premier = ecrire_mois_initial(tmp_path / "1.xml", decor, **commun)
    second = ecrire_mois_suivant(tmp_path / "2.xml", decor, **commun)

    rapport = importer_flux(tmp_path / "1.xml").rapport
    assert rapport["foyers"] == {
        "lus": premier.foyers,
        "crees": premier.foyers,
        "mis_a_jour": 0,
        "inchanges": 0,
        "quarantaine": 0,
    }
    assert (rapport["personnes"]["lues"], rapport["personnes"]["creees"]) == (premier.personnes, premier.personnes)
    assert rapport["anomalies"] == []
    assert rapport["soumis_droits_devoirs"]["entrees"] == AttenteOrientation.objects.count()
    assert not AttenteOrientation.objects.filter(territoire=None).exists()

    resultat = importer_flux(tmp_path / "2.xml")
    rapport, c, d = resultat.rapport, Counter(second.changements), Counter(second.defauts)
    anomalies = Counter({a["code"]: a["nombre"] for a in rapport["anomalies"]})
    illisibles = d["matricule_illisible"] + d["nom_absent"] + d["date_illisible"]
    assert rapport["foyers"]["lus"] == second.foyers == rapport["totaux"]["lus"]
    assert rapport["totaux"]["annonces"] - rapport["totaux"]["lus"] == d["total_annonce_faux"]
    assert rapport["foyers"]["quarantaine"] == Quarantaine.objects.count() == anomalies["foyer_illisible"]
    assert rapport["foyers"]["quarantaine"] <= illisibles
    assert rapport["foyers"]["inchanges"] > 0
    assert rapport["personnes"]["lues"] == second.personnes
    assert anomalies["numero_demande_partage"] == d["numero_de_demande_partage"]
    assert anomalies["personne_en_double"] == d["personne_en_double"]
    assert anomalies["nir_cle_fausse"] == d["nir_cle_fausse"]
    assert anomalies["commune_inconnue"] == d["commune_inconnue"]
    assert anomalies["code_inconnu"] == d["code_inconnu"]
    assert anomalies["total_different"] == d["total_annonce_faux"]
    mouvements = rapport["mouvements"]
    assert mouvements["clos"] == c["cloture"] + c["mutation_sortante"]
    # Un foyer connu reçu sous le numéro d'un autre est un dossier neuf : suspendu, il compte aussi.
    suspensions = c["suspension_versement"] + c["suspension_droit"]
    assert suspensions <= mouvements["suspendus"] <= suspensions + d["numero_de_demande_partage"]
    assert mouvements["refuses"] == c["refus"]
    assert mouvements["partis"] == c["mutation_sortante"]
    arrivees = c["nouvelle_demande"] + c["nouvelle_demande_en_attente"] + c["mutation_entrante"]
    assert (
        arrivees - illisibles
        <= rapport["foyers"]["crees"]
        <= arrivees + d["numero_de_demande_partage"] + d["personne_douteuse"]
    )
    assert DossierRsa.objects.count() == premier.foyers + rapport["foyers"]["crees"]
    assert Personne.objects.count() == premier.personnes + rapport["personnes"]["creees"]
