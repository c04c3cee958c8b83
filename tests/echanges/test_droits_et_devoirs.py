"""Le seuil des droits et devoirs : reçu de la caisse, jamais recalculé ; ce qu'il ouvre et ferme (R23, R26, R27)."""

from __future__ import annotations

from datetime import date

import pytest
from dateutil.relativedelta import relativedelta

from jalon.accompagnements.models import EtatMaintien, Maintien
from jalon.accompagnements.services import proposer_fins
from jalon.droits.models import Soumission
from jalon.organismes.models import CommuneTerritoire, ServiceInstructeur
from jalon.orientations.models import AttenteOrientation, MotifEntree, MotifSortie
from jalon.personnes.models import EtatTache, Personne, Tache, TypeTache
from tests.echanges.aides_mois import MOIS, Departement, Mois
from tests.echanges.flux_caf.fabrique import adresse, foyer, mois_de_ressources, personne

AOUT, SEPTEMBRE, OCTOBRE, NOVEMBRE, DECEMBRE = MOIS


def _attente(**filtre: object) -> AttenteOrientation:
    return AttenteOrientation.objects.get(**filtre)


def _seule(soumis: bool | None, **options: object) -> str:
    return foyer("00000000001", personnes=[personne(soumis=soumis, entrant=None)], **options)  # type: ignore[arg-type]


# --- Entrer -----------------------------------------------------------------------------------------


def test_un_nouvel_entrant_attend_une_orientation_chez_le_service_de_son_territoire(
    mois: Mois, departement: Departement
) -> None:
    lieu = adresse(commune=departement.commune)
    rapport = mois([_seule(True, adresses=[lieu])], SEPTEMBRE).rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 1, "entrees": 1, "sorties": 0}
    territoire = CommuneTerritoire.objects.get(commune_id=departement.commune).territoire
    service = ServiceInstructeur.objects.get(territoire=territoire).organisme
    attente = _attente()
    assert (attente.motif, attente.territoire, attente.service) == (MotifEntree.NOUVEL_ENTRANT, territoire, service)
    assert attente.entree_le == date(2026, 9, 30)
    assert attente.echeance == date(2026, 9, 30) + relativedelta(months=departement.delai_decision)
    tache = Tache.objects.get()
    assert (tache.type, tache.etat, tache.organisme, tache.territoire) == (
        TypeTache.RECUEIL, EtatTache.A_FAIRE, service, territoire,
    )  # fmt: skip
    assert tache.echeance == date(2026, 9, 30) + relativedelta(months=departement.delai_recueil)
    assert attente.personne.territoire == territoire


def test_une_personne_non_soumise_n_attend_rien(mois: Mois) -> None:
    rapport = mois([_seule(False)]).rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 0, "entrees": 0, "sorties": 0}
    assert not AttenteOrientation.objects.exists()
    assert not Tache.objects.exists()
    assert not Soumission.objects.get().soumise


def test_sans_top_rien_n_est_suppose(mois: Mois) -> None:
    """Pas de bloc de calcul : on ne sait pas, on ne déduit rien des ressources."""
    pauvre = personne(soumis=None, ressources=[mois_de_ressources("2026-07-01", ("001", "10.00"))])
    mois([foyer(personnes=[pauvre])])
    assert not Soumission.objects.exists()
    assert not AttenteOrientation.objects.exists()


def test_le_top_recu_l_emporte_sur_les_ressources(mois: Mois) -> None:
    """Deux mille euros d'activité et soumise : la caisse le dit, Jalon ne recalcule pas."""
    riche = personne(
        soumis=True, montant_ressources="2000.00", ressources=[mois_de_ressources("2026-07-01", ("001", "2000.00"))]
    )
    pauvre = personne("PETIT", "LEA", soumis=False, montant_ressources="0.00")
    mois([foyer("00000000001", personnes=[riche]), foyer("00000000002", personnes=[pauvre])])
    assert _attente().personne.nom == "DURAND"
    assert str(Soumission.objects.get(personne__nom="DURAND").ressources) == "2000.00"


def test_les_deux_adultes_d_un_couple_sont_suivis_et_l_enfant_jamais(mois: Mois) -> None:
    couple = [
        personne("DURAND", "CAMILLE", role="DEM", soumis=True),
        personne("MARTIN", "PAUL", role="CJT", soumis=True, sexe="1", date_naissance="1983-02-03"),
        personne("MARTIN", "LOU", role="ENF", soumis=None, date_naissance="2019-02-03", activites=()),
    ]
    rapport = mois([foyer(personnes=couple)]).rapport
    assert rapport["soumis_droits_devoirs"]["entrees"] == 2
    assert set(AttenteOrientation.objects.order_by("id").values_list("personne__prenom", flat=True)) == {
        "CAMILLE", "PAUL",
    }  # fmt: skip


@pytest.mark.parametrize("etat", ["1", "5", "6"])
def test_personne_n_est_soumis_dans_un_dossier_ferme(mois: Mois, etat: str) -> None:
    rapport = mois([_seule(True, etat=etat)]).rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 0, "entrees": 0, "sorties": 0}
    assert not AttenteOrientation.objects.exists()


# --- Franchir le seuil --------------------------------------------------------------------------------


def test_passer_au_dessus_puis_en_dessous(mois: Mois, departement: Departement) -> None:
    lieu = [adresse(commune=departement.commune)]
    mois([_seule(True, adresses=lieu)], AOUT)
    rapport = mois([_seule(False, adresses=lieu)], SEPTEMBRE).rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 0, "entrees": 0, "sorties": 1}
    attente, tache, maintien = _attente(), Tache.objects.get(), Maintien.objects.get()
    assert (attente.sortie_le, attente.motif_sortie) == (date(2026, 9, 30), MotifSortie.PLUS_SOUMISE)
    assert (tache.etat, tache.close_le) == (EtatTache.SANS_OBJET, date(2026, 9, 30))
    assert (maintien.etat, maintien.debut) == (EtatMaintien.EN_COURS, date(2026, 9, 30))
    assert maintien.echeance == date(2026, 9, 30) + relativedelta(months=departement.maintien)

    rapport = mois([_seule(True, adresses=lieu)], OCTOBRE).rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 1, "entrees": 1, "sorties": 0}
    maintien.refresh_from_db()
    assert (maintien.etat, maintien.clos_le) == (EtatMaintien.REPASSEE, date(2026, 10, 31))
    assert _attente(sortie_le=None).motif == MotifEntree.SOUS_LE_SEUIL
    assert Tache.objects.filter(type=TypeTache.RECUEIL, etat=EtatTache.A_FAIRE).count() == 1


def test_la_fin_n_est_proposee_qu_apres_le_delai(mois: Mois, departement: Departement) -> None:
    mois([_seule(True)], AOUT)
    mois([_seule(False)], SEPTEMBRE)
    echeance = date(2026, 9, 30) + relativedelta(months=departement.maintien)
    proposer_fins(a_la_date=echeance - relativedelta(days=1))
    assert Maintien.objects.get().etat == EtatMaintien.EN_COURS
    mois([_seule(False, nb_enfants=1)], (echeance + relativedelta(days=1)).isoformat())
    assert Maintien.objects.get().etat == EtatMaintien.FIN_PROPOSEE
    assert Tache.objects.get(type=TypeTache.FIN_ACCOMPAGNEMENT).etat == EtatTache.A_FAIRE
    # Repassée sous le seuil après la proposition : l'accompagnement continue, la tâche n'a plus d'objet.
    mois([_seule(True)], (echeance + relativedelta(months=1)).isoformat())
    assert Maintien.objects.get().etat == EtatMaintien.REPASSEE
    assert Tache.objects.get(type=TypeTache.FIN_ACCOMPAGNEMENT).etat == EtatTache.SANS_OBJET


def test_deux_allers_et_retours_ne_se_genent_pas(mois: Mois) -> None:
    for le, soumis in zip(MOIS, (True, False, True, False, True), strict=True):
        mois([_seule(soumis)], le)
    assert [m.etat for m in Maintien.objects.order_by("debut")] == [EtatMaintien.REPASSEE, EtatMaintien.REPASSEE]
    assert AttenteOrientation.objects.count() == 3
    assert AttenteOrientation.objects.filter(sortie_le=None).count() == 1
    assert Tache.objects.filter(etat=EtatTache.A_FAIRE).count() == 1


def test_un_maintien_deja_en_cours_n_empeche_pas_l_import(mois: Mois) -> None:
    """Deux dossiers réunis peuvent laisser un maintien à une personne encore soumise : la sortie n'en crée pas deux."""
    mois([_seule(True)], AOUT)
    qui = Personne.objects.get()
    Maintien.objects.create(personne=qui, debut=date(2026, 7, 31), echeance=date(2027, 1, 31))
    mois([_seule(False)], SEPTEMBRE)
    assert Maintien.objects.get().echeance == date(2027, 1, 31)


def test_le_meme_mois_une_seconde_fois_ne_recree_rien(mois: Mois) -> None:
    mois([_seule(True)], AOUT)
    mois([_seule(True)], SEPTEMBRE)
    mois([_seule(True, nb_enfants=2)], OCTOBRE)
    assert AttenteOrientation.objects.count() == 1
    assert Tache.objects.count() == 1


# --- Le droit se ferme, la personne part --------------------------------------------------------------


@pytest.mark.parametrize("etat", ["5", "6"])
def test_droit_clos_sans_maintien_puis_retour(mois: Mois, etat: str) -> None:
    mois([_seule(True)], AOUT)
    rapport = mois([_seule(True, etat=etat, fin_droit=("RSO", "2026-09-01"))], SEPTEMBRE).rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 0, "entrees": 0, "sorties": 1}
    assert rapport["mouvements"]["clos"] == 1
    assert _attente().motif_sortie == MotifSortie.DROIT_CLOS
    assert not Maintien.objects.exists()
    rapport = mois([_seule(True)], OCTOBRE).rapport
    assert rapport["soumis_droits_devoirs"]["entrees"] == 1
    assert _attente(sortie_le=None).motif == MotifEntree.RETOUR


def test_qui_quitte_le_foyer_est_partie(mois: Mois) -> None:
    elle = personne("DURAND", "CAMILLE")
    lui = personne("MARTIN", "PAUL", sexe="1", date_naissance="1983-02-03", role="CJT")
    mois([foyer(personnes=[elle, lui])], AOUT)
    rapport = mois([foyer(personnes=[elle])], SEPTEMBRE).rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 1, "entrees": 0, "sorties": 1}
    assert _attente(personne__prenom="PAUL").motif_sortie == MotifSortie.PARTIE
    assert _attente(personne__prenom="CAMILLE").sortie_le is None
    assert not Maintien.objects.exists()
    assert rapport["personnes"] == {"lues": 1, "creees": 0, "mises_a_jour": 0, "inchangees": 1}
    mois([foyer(personnes=[elle, lui])], OCTOBRE)
    assert _attente(personne__prenom="PAUL", sortie_le=None).motif == MotifEntree.RETOUR
    assert Personne.objects.count() == 2


@pytest.mark.parametrize("ordre", [1, -1], ids=["depart-d-abord", "arrivee-d-abord"])
def test_une_separation_deplace_sans_sortie_ni_entree(mois: Mois, ordre: int) -> None:
    elle = personne("DURAND", "CAMILLE")
    lui = personne("MARTIN", "PAUL", sexe="1", date_naissance="1983-02-03", role="CJT")
    mois([foyer("00000000001", personnes=[elle, lui])], AOUT)
    seul = personne("MARTIN", "PAUL", sexe="1", date_naissance="1983-02-03", role="DEM")
    deux = [foyer("00000000001", personnes=[elle]), foyer("00000000002", personnes=[seul])]
    rapport = mois(deux[::ordre], SEPTEMBRE).rapport
    assert rapport["soumis_droits_devoirs"] == {"total": 2, "entrees": 0, "sorties": 0}
    assert rapport["personnes"]["creees"] == 0
    assert AttenteOrientation.objects.filter(sortie_le=None).count() == 2
    assert not Maintien.objects.exists()


def test_l_attente_designe_le_dossier_ou_la_personne_est_soumise(mois: Mois) -> None:
    """Un jeune adulte : enfant non soumis chez ses parents, demandeur soumis chez lui, dans le même fichier."""
    parent = personne("DURAND", "ANNE", date_naissance="1970-01-01", soumis=False)
    enfant = personne("DURAND", "JULES", date_naissance="2001-05-05", sexe="1", role="ENF", soumis=False)
    lui = personne("DURAND", "JULES", date_naissance="2001-05-05", sexe="1", role="DEM", soumis=True)
    mois([foyer("00000000001", personnes=[lui]), foyer("00000000002", personnes=[parent, enfant])], AOUT)
    assert _attente().dossier.numero_demande == "00000000001"


def test_demenager_deplace_l_attente_et_la_tache(mois: Mois, departement: Departement) -> None:
    mois([_seule(True, adresses=[adresse(commune=departement.commune)])], AOUT)
    mois([_seule(True, adresses=[adresse(commune=departement.autre_commune)])], SEPTEMBRE)
    territoire = CommuneTerritoire.objects.get(commune_id=departement.autre_commune).territoire
    service = ServiceInstructeur.objects.get(territoire=territoire).organisme
    attente, tache = _attente(), Tache.objects.get()
    assert (attente.territoire, attente.service) == (territoire, service)
    assert (tache.territoire, tache.organisme) == (territoire, service)


def test_hors_du_departement_la_personne_attend_sans_territoire(mois: Mois) -> None:
    rapport = mois([_seule(True, adresses=[adresse(commune="59999", nom_commune="AILLEURS")])]).rapport
    assert {"code": "commune_inconnue", "nombre": 1} in rapport["anomalies"]
    assert _attente().territoire is None
    assert _attente().service is None
