"""Ce que le livret montre, ce que la personne y écrit, et ce qui y reste quand tout change autour d'elle."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pikepdf
import pytest
from django.core.cache import cache
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.utils import timezone

from jalon.accompagnements.models import DesignationReferent
from jalon.contrats.models import Etape
from jalon.passeport.competences import ProfilDepasseError, ecrire_profil
from jalon.passeport.lectures import ouvertures
from jalon.passeport.livret import histoire
from jalon.passeport.models import DemarchePersonnelle, Experience, ProfilCompetences
from jalon.passeport.titulaire import Titulaire
from jalon.personnes.models import Personne, Rapprochement
from jalon.personnes.services import fusionner_personnes
from jalon.traces.models import Acte, Lecture
from jalon.traces.services import noter_lecture
from tests.distribution import Distribution
from tests.passeport.aides import auteur, entree, livret_plein, un_acces, un_contrat


@pytest.fixture
def elle(distribution: Distribution) -> Personne:
    cache.clear()
    return livret_plein(distribution)


@pytest.fixture
def client_entre(distribution: Distribution, elle: Personne) -> Client:
    return entree(elle, un_acces(distribution, elle)[1])


def texte(client: Client, page: str) -> str:
    reponse = client.get(f"/livret/{page}/")
    assert reponse.status_code == 200
    return str(reponse.content.decode().replace("&#x27;", "'"))


def test_l_accueil_dit_le_rendez_vous_les_objectifs_qui_appeler_et_qui_a_ouvert(client_entre: Client) -> None:
    page = texte(client_entre, "accueil")
    for dit in ("CCAS, 6 rue des Tilleuls", "Passer mon code avant l'été", "Paul Referent", "Contrat de ELODIE"):
        assert dit in page


def test_la_personne_coche_son_etape_et_le_professionnel_sait_que_c_est_elle(
    distribution: Distribution, elle: Personne, client_entre: Client, connecte: Any
) -> None:
    etape = Etape.objects.get(qui="personne")
    client_entre.post(f"/livret/etapes/{etape.public_id}/")
    etape.refresh_from_db()
    assert (etape.etat, etape.faite_le, etape.numero) == ("atteint", timezone.localdate(), 2)
    assert "dit par vous" in texte(client_entre, "parcours")
    assert "dit par la personne" in connecte("partenaire").get(f"/personnes/{elle.public_id}/livret/").content.decode()
    client_entre.post(f"/livret/etapes/{etape.public_id}/", {"reprendre": "oui"})
    etape.refresh_from_db()
    assert (etape.etat, etape.faite_le) == ("en_cours", None)


@pytest.mark.parametrize("champs", [{"qui": "referent"}, {"qui": "personne", "etat": "termine"}])
def test_refuse_de_cocher_l_etape_d_un_autre_ou_d_un_contrat_fini(
    elle: Personne, client_entre: Client, champs: dict[str, str]
) -> None:
    etape = Etape.objects.get(qui=champs["qui"])
    if "etat" in champs:
        elle.contrats.update(etat="termine", clos_le=date(2026, 11, 1))
    client_entre.post(f"/livret/etapes/{etape.public_id}/")
    etape.refresh_from_db()
    assert etape.etat == "a_faire"


@pytest.mark.parametrize(("ecart", "mot"), [(1, "En cours"), (0, "Arrivé à terme")])
def test_un_contrat_passe_sa_fin_ne_se_dit_plus_en_cours(
    elle: Personne, client_entre: Client, ecart: int, mot: str
) -> None:
    fin = timezone.localdate() + timedelta(days=ecart)
    elle.contrats.update(periode=DateRange(date(2026, 10, 10), fin))
    autre = ({"En cours", "Arrivé à terme"} - {mot}).pop()
    page = texte(client_entre, "contrats")
    assert mot in page
    assert autre not in page


def test_la_grille_dit_en_mots_ce_qui_a_bouge(client_entre: Client) -> None:
    page = texte(client_entre, "parcours")
    assert "plus facile" in page


def test_les_entretiens_se_lisent_en_entier(client_entre: Client) -> None:
    page = texte(client_entre, "entretiens")
    assert "Faits de ELODIE" in page
    assert "Mes mots" in page
    assert "Analyse sur ELODIE" in page


def test_elle_note_une_demarche_qui_porte_son_nom(elle: Personne, client_entre: Client) -> None:
    client_entre.post("/livret/demarches/", {"intitule": "Appelé la mairie", "faite_le": "2026-11-03"})
    demarche = DemarchePersonnelle.objects.get(intitule="Appelé la mairie")
    assert (demarche.par_la_personne, demarche.notee_par) == (True, None)
    assert Acte.objects.filter(code="passeport.demarche.notee", personnes__contains=[elle.public_id]).exists()


def test_refuse_une_demarche_a_venir_et_garde_la_saisie(client_entre: Client) -> None:
    page = client_entre.post("/livret/demarches/", {"intitule": "Plus tard", "faite_le": "2099-01-01"})
    assert "à venir" in page.content.decode()
    assert "Plus tard" in page.content.decode()
    assert not DemarchePersonnelle.objects.filter(intitule="Plus tard").exists()


def test_deux_auteurs_ne_s_effacent_pas(distribution: Distribution, elle: Personne, client_entre: Client) -> None:
    ecrire_profil(
        Titulaire.de_personne(elle),
        valeurs={"accroche": "Écrit par Paul"},
        numero_lu=1,
        **auteur(distribution.partenaire),
    )
    page = client_entre.post("/livret/competences/", {"numero": "1", "accroche": "Écrit par moi"}).content.decode()
    assert "Écrit par Paul" in page
    assert "Écrit par moi" in page
    assert ProfilCompetences.objects.get(personne=elle).accroche == "Écrit par Paul"
    client_entre.post("/livret/competences/", {"numero": "2", "accroche": "Écrit par moi"})
    assert ProfilCompetences.objects.get(personne=elle).accroche == "Écrit par moi"
    with pytest.raises(ProfilDepasseError):
        ecrire_profil(Titulaire.de_personne(elle), valeurs={}, numero_lu=2, **auteur(distribution.partenaire))


def test_elle_ajoute_change_et_ote_une_experience(elle: Personne, client_entre: Client) -> None:
    donnees = {"nature": "formation", "intitule": "CAP cuisine", "annee_debut": "2010", "annee_fin": "2012"}
    client_entre.post("/livret/experience/", donnees)
    ligne = Experience.objects.get(intitule="CAP cuisine")
    client_entre.post(f"/livret/experience/{ligne.public_id}/", donnees | {"lieu": "Arras"})
    ligne.refresh_from_db()
    assert ligne.lieu == "Arras"
    refus = client_entre.post(f"/livret/experience/{ligne.public_id}/", donnees | {"annee_fin": "2001"})
    assert "suivre" in refus.content.decode()
    client_entre.post(f"/livret/experience/{ligne.public_id}/", {"retirer": "oui"})
    assert not Experience.objects.filter(intitule="CAP cuisine").exists()


@pytest.mark.parametrize("nom", ["mon-livret", "mon-cv"])
def test_les_pdf_sont_balises_et_le_cv_tient_sur_une_page(client_entre: Client, nom: str) -> None:
    with pikepdf.open(io.BytesIO(client_entre.get(f"/livret/{nom}.pdf").content)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        if nom == "mon-cv":
            assert len(pdf.pages) == 1


def test_elle_telecharge_son_contrat(elle: Personne, client_entre: Client) -> None:
    document = elle.contrats.get().document
    assert document is not None
    reponse = client_entre.get(f"/livret/papiers/{document.public_id}/")
    assert reponse.content.startswith(b"%PDF")


def test_les_ouvertures_nomment_le_referent_et_disent_le_role_des_autres(
    distribution: Distribution, elle: Personne
) -> None:
    noter_lecture(Lecture.Nature.NIR, agent=distribution.siege, organisme="Département", personne=elle.public_id)
    qui = {o.qui: o.quoi for o in ouvertures(Titulaire.de_personne(elle))}
    assert any(str(distribution.partenaire) in nom for nom in qui)
    assert not any(distribution.siege.nom in nom and distribution.siege.prenom in nom for nom in qui)
    assert "a affiché votre numéro de sécurité sociale" in qui.values()


def test_le_livret_reste_le_meme_apres_un_autre_referent_une_sortie_et_un_retour(
    distribution: Distribution, elle: Personne
) -> None:
    avant = {(f.le, f.titre) for f in histoire(Titulaire.de_personne(elle))}
    tenue = DesignationReferent.objects.get(personne=elle)
    DesignationReferent.objects.filter(pk=tenue.pk).update(periode=DateRange(date(2026, 10, 1), date(2026, 11, 1)))
    elle.accompagnements.update(periode=DateRange(date(2026, 9, 30), date(2026, 11, 1)))
    elle.contrats.update(
        etat="termine", clos_le=date(2026, 11, 1), periode=DateRange(date(2026, 10, 10), date(2026, 11, 1))
    )
    elle.rattachements.all().delete()
    type(elle).objects.filter(pk=elle.pk).update(territoire=distribution.autre_territoire)
    DesignationReferent.objects.create(
        personne=elle, organisme=tenue.organisme, agent=distribution.collegue,
        periode=DateRange(date(2026, 11, 10), None),
    )  # fmt: skip
    un_contrat(
        distribution, elle, debut=date(2026, 11, 12), periode=DateRange(date(2026, 11, 12), date(2027, 5, 12)),
        ouvert_le=date(2026, 11, 10),
    )  # fmt: skip
    apres = {(f.le, f.titre) for f in histoire(Titulaire.de_personne(elle))}
    assert avant < apres


def test_reunir_deux_dossiers_garde_un_acces_et_un_profil(distribution: Distribution, elle: Personne) -> None:
    autre = livret_plein(distribution, "JUMELLE")
    elle.contrats.update(
        periode=DateRange(date(2026, 1, 1), date(2026, 2, 1)), etat="termine", clos_le=date(2026, 2, 1)
    )
    garde, code = un_acces(distribution, elle)
    cede, _ = un_acces(distribution, autre)
    ProfilCompetences.objects.filter(personne=elle).update(savoir_faire="")
    doute = Rapprochement.objects.create(
        ancienne=elle, nouvelle=autre, score=92, motif="Mêmes noms", date_flux=date(2026, 10, 31)
    )
    fusionner_personnes(doute, acteur=distribution.siege, gardee=elle)
    garde.refresh_from_db()
    cede.refresh_from_db()
    assert (garde.revoque_le, cede.motif_revocation) == (None, "Dossier réuni avec un autre")
    assert ProfilCompetences.objects.get(personne=elle).savoir_faire == "Cuisiner\nConduire"
    page = texte(entree(elle, code), "papiers")
    assert "Contrat de ELODIE" in page
    assert "Contrat de JUMELLE" in page
