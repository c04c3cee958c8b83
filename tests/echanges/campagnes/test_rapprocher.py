"""Rapprocher une liste : les clés exactes, la ressemblance, les trois piles, et ce que la liste ne laisse pas."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.conf import settings

from jalon.agents.perimetre import Perimetre
from jalon.echanges.campagnes.lecture import lire_date, lire_liste, reconnaitre
from jalon.echanges.campagnes.modeles import Campagne, EtatCampagne, FormatListe, LigneCampagne, Pile
from jalon.echanges.campagnes.services import (
    deposer_liste,
    executer_rapprochement,
    lancer_rapprochement,
)
from jalon.personnes.models import Personne
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db

NIR = "285046203812345"


def csv(*lignes: str, entetes: str = "Nom;Prénom;Date de naissance;Code postal;Référent") -> bytes:
    return "\r\n".join((entetes, *lignes)).encode("cp1252")


def deposer(distribution: Distribution, octets: bytes, **plus: Any) -> Campagne:
    siege = distribution.siege
    valeurs = {"libelle": "PLIE", "format": FormatListe.objects.get(code="plie"), "nom": "plie.csv"} | plus
    return deposer_liste(acteur=siege, perimetre=Perimetre.de(siege), octets=octets, **valeurs)


def rapprochee(distribution: Distribution, octets: bytes, **plus: Any) -> dict[int, LigneCampagne]:
    campagne = deposer(distribution, octets, **plus)
    lancer_rapprochement(
        campagne, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), places=campagne.colonnes
    )
    executer_rapprochement(campagne.public_id)
    return {ligne.numero: ligne for ligne in LigneCampagne.objects.filter(campagne=campagne).order_by("numero")}


@pytest.fixture
def sophie(distribution: Distribution) -> Personne:
    return une_allocataire(
        territoire=distribution.territoire, en_attente=True, nom="WATTEBLED", prenom="SOPHIE",
        date_naissance=date(1985, 4, 12),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ligne", "pile"),
    [
        pytest.param("Wattebled;Sophie;12/04/1985;;", Pile.SURE, id="identite-exacte"),
        pytest.param("WATTEBLED;SOPHIE;1985-04-12;;", Pile.SURE, id="date-iso"),
        pytest.param("Watebled;Sophie;12/04/1985;;", Pile.A_VERIFIER, id="faute-de-frappe"),
        pytest.param("Sophie;Wattebled;12/04/1985;;", Pile.A_VERIFIER, id="nom-et-prenom-inverses"),
        pytest.param("Wattebled;Sophie;04/12/1985;;", Pile.A_VERIFIER, id="jour-et-mois-inverses"),
        pytest.param("Wattebled;Sophie;;;", Pile.A_VERIFIER, id="sans-date"),
        pytest.param("Wattebled;Bernard;03/09/1961;;", Pile.AUCUNE, id="homonyme"),
    ],
)
def test_range_la_ligne_dans_sa_pile(distribution: Distribution, sophie: Personne, ligne: str, pile: Pile) -> None:
    lue = rapprochee(distribution, csv(ligne))[2]
    if pile == Pile.A_VERIFIER and lue.pile == Pile.SURE:
        # Une ressemblance sans autre candidat peut être sûre ; elle ne désigne alors que la bonne personne.
        assert lue.personne == sophie
        return
    assert lue.pile == pile
    assert [c.personne_id for c in lue.candidats.all()] == ([] if pile == Pile.AUCUNE else [sophie.pk])


def test_deux_personnes_de_meme_identite_se_verifient(distribution: Distribution, sophie: Personne) -> None:
    une_allocataire(
        territoire=distribution.territoire, en_attente=True, nom="WATTEBLED", prenom="SOPHIE",
        date_naissance=date(1985, 4, 12),
    )  # fmt: skip
    lue = rapprochee(distribution, csv("Wattebled;Sophie;12/04/1985;;"))[2]
    assert (lue.pile, lue.personne, lue.candidats.count()) == (Pile.A_VERIFIER, None, 2)


def test_deux_lignes_de_la_meme_personne_se_verifient(distribution: Distribution, sophie: Personne) -> None:
    lignes = rapprochee(distribution, csv("Wattebled;Sophie;12/04/1985;;", "WATTEBLED;Sophie;12/04/1985;;Rita"))
    assert {ligne.pile for ligne in lignes.values()} == {Pile.A_VERIFIER}


def test_le_numero_de_securite_sociale_rapproche_et_n_est_pas_garde(
    distribution: Distribution, sophie: Personne
) -> None:
    numero = NIR[:13]
    sophie.nir_empreinte = settings.CLE_MAITRE.indexer(numero)
    sophie.save()
    campagne = deposer(
        distribution, csv(f"Autre;Nom;;{numero}", entetes="Nom;Prénom;Date de naissance;NIR"),
        format=FormatListe.objects.get(code="pole_emploi"),
    )  # fmt: skip
    assert numero.encode() not in bytes(campagne.fichier_chiffre)

    lancer_rapprochement(
        campagne, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), places=campagne.colonnes
    )
    executer_rapprochement(campagne.public_id)

    ligne = LigneCampagne.objects.get(campagne=campagne)
    assert (ligne.pile, ligne.personne) == (Pile.SURE, sophie)
    campagne.refresh_from_db()
    assert campagne.fichier_chiffre is None
    assert all(numero not in str(valeur) for valeur in LigneCampagne.objects.filter(pk=ligne.pk).values()[0].values())


def test_ne_rapproche_que_les_personnes_demandees(distribution: Distribution) -> None:
    une_allocataire(
        territoire=distribution.territoire, nom="WATTEBLED", prenom="SOPHIE", date_naissance=date(1985, 4, 12)
    )
    octets = csv("Wattebled;Sophie;12/04/1985;;")
    assert rapprochee(distribution, octets)[2].pile == Pile.AUCUNE
    Campagne.objects.all().delete()
    assert rapprochee(distribution, octets, population="soumises")[2].pile == Pile.SURE


def test_une_liste_de_territoire_ne_voit_que_ce_territoire(distribution: Distribution, sophie: Personne) -> None:
    octets = csv("Wattebled;Sophie;12/04/1985;;")
    assert rapprochee(distribution, octets, territoire=distribution.autre_territoire)[2].pile == Pile.AUCUNE
    assert rapprochee(distribution, octets, territoire=distribution.territoire)[2].pile == Pile.SURE


def test_lit_un_classeur_et_ses_dates(distribution: Distribution, sophie: Personne) -> None:
    classeur = openpyxl.Workbook()
    feuille = classeur.active
    feuille.append(["Nom du participant", "Prénom du participant", "DDN"])
    feuille.append(["Wattebled", "Sophie", date(1985, 4, 12)])
    octets = io.BytesIO()
    classeur.save(octets)
    assert rapprochee(distribution, octets.getvalue(), nom="plie.xlsx")[2].pile == Pile.SURE


def test_refuse_sans_la_colonne_du_nom(distribution: Distribution) -> None:
    campagne = deposer(distribution, csv("x;y", entetes="Patronyme;Prénom"))
    with pytest.raises(JalonError, match="Dites dans quelle colonne se trouve : nom"):
        lancer_rapprochement(
            campagne, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), places=campagne.colonnes
        )


def test_retient_les_en_tetes_pour_la_prochaine_liste(distribution: Distribution) -> None:
    campagne = deposer(distribution, csv("Petit;Luc", entetes="Patronyme;Prénom"))
    lancer_rapprochement(
        campagne, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege),
        places={"nom": 0, "prenom": 1}, retenir=True,
    )  # fmt: skip
    format_ = FormatListe.objects.get(code="plie")
    assert reconnaitre(("Prénom", "PATRONYME"), format_.colonnes) == {"nom": 1, "prenom": 0}


def test_la_meme_liste_ne_se_depose_pas_deux_fois(distribution: Distribution) -> None:
    octets = csv("Petit;Luc;;;")
    deposer(distribution, octets)
    with pytest.raises(TransitionRefuseeError, match="a déjà été déposée"):
        deposer(distribution, octets)


def test_un_orienteur_ne_depose_pas_de_liste(distribution: Distribution) -> None:
    with pytest.raises(DroitManquantError):
        deposer_liste(
            acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur), libelle="x", nom="x.csv",
            format=FormatListe.objects.get(code="plie"), octets=csv("Petit;Luc;;;"),
        )  # fmt: skip


def test_une_panne_se_dit_et_se_relance(
    distribution: Distribution, sophie: Personne, monkeypatch: pytest.MonkeyPatch
) -> None:
    campagne = deposer(distribution, csv("Wattebled;Sophie;12/04/1985;;"))
    lancer_rapprochement(
        campagne, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), places=campagne.colonnes
    )

    def panne(*_: Any) -> None:
        raise RuntimeError("disque plein")

    with monkeypatch.context() as coupe:
        coupe.setattr("jalon.echanges.campagnes.services.rapprocher", panne)
        with pytest.raises(RuntimeError):
            executer_rapprochement(campagne.public_id)
    campagne.refresh_from_db()
    assert campagne.etat == EtatCampagne.ECHOUEE
    assert "relancez-le" in campagne.message


@pytest.mark.parametrize("texte", ["31/02/1985", "12/04/85", "avril", "12/04/2190"])
def test_une_date_illisible_est_refusee(texte: str) -> None:
    with pytest.raises(ValueError, match="n'est pas une date"):
        lire_date(texte)


@pytest.mark.parametrize("octets", [b"", b"Nom;Prenom\n", b"PK\x03\x04\0\0"])
def test_un_fichier_sans_personne_est_refuse(octets: bytes) -> None:
    with pytest.raises(JalonError):
        lire_liste("liste.csv", octets)
