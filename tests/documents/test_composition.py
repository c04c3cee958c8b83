"""Une lettre dit tout ce qu'elle doit dire, et ne fait rien de ce qu'on y écrit."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date

import pypdf
import pytest

from jalon.documents.composition import Composeur, CourrierIncompletError, CourrierInconnuError, composer, exemple
from jalon.documents.models import VersionModele
from jalon.documents.pdf import rendre_lettre

JOUR = date(2026, 11, 3)
REUNION = {
    "civilite": "Madame", "nom_complet": "Élodie Lefèvre", "date_reunion": "lundi 9 novembre 2026",
    "heure_reunion": "9 h 30", "lieu": "Maison des services", "adresse_lieu": "12 rue des Lilas, 62000 Arras",
    "contact": "03 21 00 00 00",
}  # fmt: skip
DESTINATAIRE = ["Madame Élodie LEFÈVRE", "12 rue des Lilas", "62000 ARRAS"]

pytestmark = pytest.mark.django_db


def pages(octets: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(octets)).pages)


def texte(octets: bytes) -> str:
    """Le texte du PDF, mots séparés d'une espace : les coupures de lignes ne comptent pas."""
    return " ".join(pages(octets).replace("\u200b", "").split())


def places(octets: bytes) -> list[tuple[str, float, float]]:
    """Chaque morceau de texte de la première page, avec sa place en millimètres depuis le coin haut gauche."""
    trouvees: list[tuple[str, float, float]] = []

    def visiter(morceau: str, repere: list[float], place: list[float], *_: object) -> None:
        x = place[4] * repere[0] + place[5] * repere[2] + repere[4]
        y = place[4] * repere[1] + place[5] * repere[3] + repere[5]
        if morceau.strip():
            trouvees.append((morceau, x * 25.4 / 72, 297 - y * 25.4 / 72))

    pypdf.PdfReader(io.BytesIO(octets)).pages[0].extract_text(visitor_text=visiter)
    return trouvees


def convocation(**valeurs: str) -> str:
    donnees: Mapping[str, str] = REUNION | valeurs
    return texte(composer("convocation_reunion", donnees, JOUR, destinataire=DESTINATAIRE)[0])


def test_dit_l_adresse_la_date_l_objet_et_la_signature() -> None:
    lettre = convocation()
    for attendu in (
        "Pas-de-Calais", "Madame Élodie LEFÈVRE 12 rue des Lilas 62000 ARRAS", "Le 3 novembre 2026",
        "Objet : votre réunion d'information", "Date : lundi 9 novembre 2026", "et par délégation",
    ):  # fmt: skip
        assert attendu in lettre


def test_une_lettre_libre_garde_l_en_tete_et_la_signature_du_departement() -> None:
    composeur = Composeur()
    charge = composeur.lettre_libre(
        "Votre réunion est annulée", ["Madame,", "Ne vous déplacez pas."], jour=JOUR, destinataire=DESTINATAIRE
    )
    lettre = texte(rendre_lettre(composeur.papier, charge))
    for attendu in (
        "Pas-de-Calais", "Madame Élodie LEFÈVRE 12 rue des Lilas 62000 ARRAS", "Le 3 novembre 2026",
        "Objet : Votre réunion est annulée", "Madame, Ne vous déplacez pas.", "et par délégation",
    ):  # fmt: skip
        assert attendu in lettre


def test_est_un_pdf_accessible() -> None:
    octets, version = composer("convocation_reunion", REUNION, JOUR, destinataire=DESTINATAIRE)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in octets
    assert b"/Lang (fr)" in octets or b"/Lang(fr)" in octets
    assert (version.modele.code, version.numero) == ("convocation_reunion", 1)


def test_tombe_dans_la_fenetre_de_l_enveloppe() -> None:
    """NF Z 11-001 : le bloc d'adresse commence à 45 mm du haut et à 90 mm au moins de la gauche, sur 45 mm de haut."""
    octets, _ = composer("convocation_reunion", REUNION, JOUR, destinataire=DESTINATAIRE)
    adresse = [
        (x, y)
        for morceau, x, y in places(octets)
        if y < 100 and any(m in morceau for m in ("LEFÈVRE", "Lilas", "62000"))
    ]
    assert len(adresse) == 3
    assert all(x >= 90 and 45 <= y <= 90 for x, y in adresse), adresse


@pytest.mark.parametrize(
    "piege",
    [
        '#import "x"', '#read("/etc/passwd")', "$x$", "*gras*", "{autre}", "{lieu}", "= Titre", "// commentaire",
        "<etiquette> @renvoi", "\\ ]#panic(1)[", "## Sous-titre", "- puce",
    ],
)  # fmt: skip
def test_une_valeur_piegee_reste_du_texte(piege: str) -> None:
    assert piege in convocation(nom_complet="x", lieu=piege)


def test_une_valeur_n_est_jamais_relue_comme_un_champ() -> None:
    assert "Lieu : {heure_reunion} – Adresse" in convocation(lieu="{heure_reunion}")


@pytest.mark.parametrize(
    ("ecrit", "lu"),
    [
        ("a\u202eb\u2066c", "abc"),
        ("Zoé 😀", "Zoé □"),
        ("مرحبا", "□□□□□"),
        ("E\u0301lodie", "Élodie"),
        ("ligne\nsuivante\tici", "ligne suivante ici"),
    ],
)
def test_un_signe_que_la_police_ignore_se_voit_sans_rien_arreter(ecrit: str, lu: str) -> None:
    assert f"Lieu : {lu} – Adresse" in convocation(lieu=ecrit)


def test_un_mot_sans_fin_reste_dans_la_page() -> None:
    octets, _ = composer(
        "convocation_reunion", REUNION | {"lieu": "A" * 200}, JOUR, destinataire=["M" * 200, "1 rue", "62000 ARRAS"]
    )
    assert "A" * 200 in pages(octets).replace("\u200b", "").replace("\n", "")
    assert max(x for _, x, _ in places(octets)) < 190


def test_une_adresse_se_copie_telle_qu_elle_s_ecrit() -> None:
    """Une coupure invisible au milieu du jeton donnerait, collée dans un navigateur, un lien inconnu."""
    adresse = "http://jalon.exemple.fr/lien/fSp3-XHyFfRM2rgpXtaIhN_phsqDQPKo/reponse/"
    lieu = f"Sur internet, sans compte ni mot de passe : {adresse}"
    octets, _ = composer("convocation_reunion", REUNION | {"lieu": lieu}, JOUR, destinataire=DESTINATAIRE)

    assert adresse in pages(octets).replace("\n", "")
    assert max(x for _, x, _ in places(octets)) < 190


def test_un_mot_sans_fin_reste_dans_la_page_meme_sous_l_air_d_une_adresse() -> None:
    octets, _ = composer("convocation_reunion", REUNION | {"lieu": "https://" + "A" * 200}, JOUR, destinataire=[])
    assert max(x for _, x, _ in places(octets)) < 190


def test_une_ligne_facultative_vide_disparait() -> None:
    assert "Durée prévue : une heure" in convocation(duree="une heure")
    assert "Durée prévue" not in convocation(duree="")


def test_un_sous_titre_sans_suite_disparait() -> None:
    VersionModele.objects.create(
        modele=Composeur().version("passation_referent").modele, numero=2, objet="x",
        corps="## Avant\n- {ancien_referent}\n## Après\n{nouveau_referent} le {date_effet}",
    )  # fmt: skip
    donnees = {"nouveau_referent": "Zoé", "date_effet": "1er décembre", "ancien_referent": ""}
    lettre = texte(composer("passation_referent", donnees, JOUR, destinataire=[])[0])
    assert "Avant" not in lettre
    assert "Après Zoé le 1er décembre" in lettre


def test_refuse_une_lettre_a_qui_il_manque_une_donnee() -> None:
    with pytest.raises(CourrierIncompletError, match="il manque l'heure de la réunion") as refus:
        composer("convocation_reunion", REUNION | {"heure_reunion": " "}, JOUR, destinataire=DESTINATAIRE)
    assert refus.value.manquants == ("l'heure de la réunion",)


def test_refuse_un_courrier_inconnu() -> None:
    with pytest.raises(CourrierInconnuError, match="jalon init"):
        composer("absent", {}, JOUR, destinataire=[])


@pytest.mark.parametrize(
    "code",
    [
        "notification_orientation", "copie_notification", "signature", "mention_recours", "avertissement_manquement",
        "decision_sanction", "reponse_recours", "transmission_payeur",
    ],
)  # fmt: skip
def test_l_apercu_se_dit_apercu(code: str) -> None:
    composeur, lettre = exemple(Composeur().version(code), JOUR)
    assert "Aperçu : les noms et les dates sont inventés" in texte(composeur.rendre(lettre))
