"""La file d'orientation à l'écran : lignes, facettes, tri, accès, nombre de lectures."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.agents.models import ProfilHabilitation
from jalon.droits.models import DossierRsa, NatureDroit
from jalon.orientations.models import AttenteOrientation, MotifEntree
from jalon.personnes.models import Personne, Tache, TypeTache
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, une_allocataire

pytestmark = pytest.mark.django_db
ADRESSE = "/orientation/"


def en_attente(territoire: Any, *, reste: int = 30, motif: str = MotifEntree.NOUVEL_ENTRANT, **champs: Any) -> Personne:
    """Personne qui attend depuis trente jours, avec `reste` jours devant le service."""
    personne = une_allocataire(territoire=territoire, en_attente=True, **champs)
    jour = timezone.localdate()
    AttenteOrientation.objects.filter(personne=personne).update(
        motif=motif, entree_le=jour - timedelta(days=30), echeance=jour + timedelta(days=reste)
    )
    return personne


def lignes(page: str) -> list[str]:
    """Noms dans l'ordre de la page."""
    return re.findall(r"data-ouvrir>([^<]+)</a>", page)


def lire(client: Client, adresse: str = ADRESSE) -> str:
    reponse = client.get(adresse)
    assert reponse.status_code == 200
    return reponse.content.decode()


def compteur(page: str, facette: str, choix: str) -> int:
    trouve = re.search(rf'id="filtre-{facette}-{choix}".*?<span class="nombre">([^<]*)</span>', page, re.S)
    assert trouve, (facette, choix)
    return int(trouve[1].replace("\u202f", ""))


def test_montre_d_abord_les_delais_depasses(connecte: Any, distribution: Distribution) -> None:
    en_attente(distribution.territoire, prenom="TARD", nom="TARD", reste=50)
    en_attente(distribution.territoire, prenom="KARIM", nom="LEFÈVRE", reste=-3)
    page = lire(connecte("orienteur"))
    assert lignes(page) == ["Karim Lefèvre", "Tard Tard"]
    assert "3 jours de retard" in page.replace("\xa0", " ")
    assert "1 dépasse le délai légal" in page
    assert "dépassé" in page


def test_marque_la_msa(connecte: Any, distribution: Distribution) -> None:
    en_attente(distribution.territoire)
    assert "<span>MSA</span>" not in lire(connecte("orienteur"))
    DossierRsa.objects.update(caisse_regime="MSA")
    assert "<span>MSA</span>" in lire(connecte("orienteur"))


def test_compte_chaque_facette_comme_si_elle_seule_changeait(connecte: Any, distribution: Distribution) -> None:
    ici = distribution.territoire
    jour = timezone.localdate()
    retard = en_attente(ici, reste=-1, date_naissance=jour - timedelta(days=365 * 20))
    proche = en_attente(ici, reste=5, motif=MotifEntree.RETOUR, date_naissance=jour - timedelta(days=365 * 60))
    en_attente(ici, reste=40, motif=MotifEntree.RETOUR)
    AttenteOrientation.objects.filter(personne=proche).update(agent=distribution.orienteur)
    Tache.objects.create(type=TypeTache.RECUEIL, personne=retard, territoire=ici, ouverte_le=jour)
    NatureDroit.objects.create(
        dossier=DossierRsa.objects.get(foyer__rattachements__personne=proche), nature="RSI", periode=EN_COURS
    )
    page = lire(connecte("orienteur"))
    attendus = {
        ("motif", "nouvel_entrant"): 1, ("motif", "retour"): 2,
        ("delai", "depasse"): 1, ("delai", "proche"): 1, ("delai", "autre"): 1,
        ("agent", "moi"): 1, ("agent", "personne"): 2, ("agent", "autre"): 0,
        ("recueil", "a_faire"): 1, ("recueil", "fait"): 2, ("majore", "oui"): 1, ("majore", "non"): 2,
        ("age", "moins_25"): 1, ("age", "30_49"): 1, ("age", "50_plus"): 1,
    }  # fmt: skip
    assert {cle: compteur(page, *cle) for cle in attendus} == attendus
    page = lire(connecte("orienteur"), f"{ADRESSE}?motif=retour")
    assert len(lignes(page)) == 2
    assert compteur(page, "motif", "nouvel_entrant") == 1
    assert compteur(page, "delai", "depasse") == 0
    page = lire(connecte("orienteur"), f"{ADRESSE}?motif=retour&motif=nouvel_entrant&delai=depasse&delai=proche")
    assert len(lignes(page)) == 2


@pytest.mark.parametrize("facette", ["recueil=a_faire", "majore=oui", "agent=moi", "age=moins_25", "delai=proche"])
def test_chaque_facette_filtre_les_lignes(connecte: Any, distribution: Distribution, facette: str) -> None:
    jour = timezone.localdate()
    en_attente(distribution.territoire, nom="AUTRE", prenom="AUTRE")
    visee = en_attente(
        distribution.territoire, nom="VISEE", prenom="VISEE", reste=3, date_naissance=jour - timedelta(days=7000)
    )
    AttenteOrientation.objects.filter(personne=visee).update(agent=distribution.orienteur)
    Tache.objects.create(type=TypeTache.RECUEIL, personne=visee, territoire=distribution.territoire, ouverte_le=jour)
    dossier = DossierRsa.objects.get(foyer__rattachements__personne=visee)
    NatureDroit.objects.create(dossier=dossier, nature="RSI", periode=EN_COURS)
    assert lignes(lire(connecte("orienteur"), f"{ADRESSE}?{facette}")) == ["Visee Visee"]


def test_les_compteurs_disent_la_meme_chose_que_la_liste_pour_tout_le_departement(
    connecte: Any, distribution: Distribution
) -> None:
    en_attente(distribution.territoire)
    en_attente(distribution.autre_territoire, reste=-2)
    en_attente(None)
    client = connecte("siege")
    page = lire(client)
    assert len(lignes(page)) == 3
    assert compteur(page, "territoire", distribution.territoire.code) == 1
    for facette, choix in (("territoire", distribution.autre_territoire.code), ("delai", "depasse"), ("majore", "non")):
        filtree = lire(client, f"{ADRESSE}?{facette}={choix}")
        assert len(lignes(filtree)) == compteur(page, facette, choix)


def test_cherche_par_nom_sans_accent_et_dans_le_desordre(connecte: Any, distribution: Distribution) -> None:
    en_attente(distribution.territoire, nom="D'AGOSTINO", prenom="JEAN-MARC")
    en_attente(distribution.territoire, nom="PETIT", prenom="LEA")
    assert lignes(lire(connecte("orienteur"), f"{ADRESSE}?q=jean+d’agos")) == ["Jean-Marc D&#x27;Agostino"]
    page = lire(connecte("orienteur"), f"{ADRESSE}?q=inconnu")
    assert "Personne ne répond à ces filtres" in page


def test_trie_par_nom_dans_les_deux_sens(connecte: Any, distribution: Distribution) -> None:
    en_attente(distribution.territoire, nom="ALPHA", prenom="A", reste=50)
    en_attente(distribution.territoire, nom="OMEGA", prenom="O", reste=1)
    assert lignes(lire(connecte("orienteur"), f"{ADRESSE}?tri=nom")) == ["A Alpha", "O Omega"]
    page = lire(connecte("orienteur"), f"{ADRESSE}?tri=-nom")
    assert lignes(page) == ["O Omega", "A Alpha"]
    assert 'aria-sort="descending"' in page


@pytest.mark.parametrize(
    "adresse", ["?tri=mot_de_passe", "?motif=inconnu", "?page=zzz", "?page=99999", "?q=" + "x" * 500]
)
def test_une_adresse_fausse_montre_quand_meme_la_file(connecte: Any, distribution: Distribution, adresse: str) -> None:
    en_attente(distribution.territoire)
    assert len(lignes(lire(connecte("orienteur"), ADRESSE + adresse))) == 1


def test_pages_de_cinquante(connecte: Any, distribution: Distribution) -> None:
    for _ in range(51):
        en_attente(distribution.territoire)
    client = connecte("orienteur")
    assert len(lignes(lire(client))) == 50
    assert len(lignes(lire(client, f"{ADRESSE}?page=2"))) == 1


def test_file_vide(connecte: Any, distribution: Distribution) -> None:
    assert "Personne n’attend d’orientation" in lire(connecte("orienteur"))


# --- Accès


def test_un_autre_territoire_ne_voit_pas_la_ligne(connecte: Any, distribution: Distribution) -> None:
    en_attente(distribution.territoire)
    assert len(lignes(lire(connecte("collegue")))) == 1
    assert lignes(lire(connecte("etrangere"))) == []


def test_refuse_sans_le_droit(connecte: Any, distribution: Distribution) -> None:
    assert connecte("partenaire").get(ADRESSE).status_code == 403


def test_un_partenaire_ne_voit_que_les_personnes_qu_il_accompagne(connecte: Any, distribution: Distribution) -> None:
    profil = ProfilHabilitation.objects.get(code="referent_solidarite")
    profil.droits = [*profil.droits, "file_orientation.consulter"]
    profil.save()
    en_attente(distribution.territoire, nom="AUTRE")
    organisme = distribution.partenaire.affectations.get().organisme
    en_attente(distribution.territoire, nom="SUIVIE", prenom="SUIVIE", accompagnee_par=organisme)
    assert lignes(lire(connecte("partenaire"))) == ["Suivie Suivie"]


def test_sans_connexion_on_est_renvoye_a_la_connexion(db: None) -> None:
    assert Client().get(ADRESSE).status_code == 302


# --- Lectures


def test_meme_nombre_de_lectures_pour_une_et_vingt_lignes(connecte: Any, distribution: Distribution) -> None:
    client = connecte("orienteur")
    en_attente(distribution.territoire)
    lire(client)
    with CaptureQueriesContext(connection) as une:
        lire(client)
    for _ in range(19):
        en_attente(distribution.territoire)
    with CaptureQueriesContext(connection) as vingt:
        page = lire(client)
    assert len(lignes(page)) == 20
    assert len(une) == len(vingt)
    propres = [r["sql"] for r in vingt if "orientations_attenteorientation" in r["sql"] and "porte" not in r["sql"]]
    assert len(propres) == 3, "une lecture pour les facettes, deux pour la page"
