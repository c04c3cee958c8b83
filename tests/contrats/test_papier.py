"""Le texte exact d'un contrat : un PDF lisible par tous, qui dit tout, et jamais relu comme du balisage."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats.lots import executer, produire_lot
from jalon.contrats.models import Contrat, ValeurChamp
from jalon.contrats.papier import Papeterie, pour_papier
from jalon.documents.pdf import rendre_tranche
from jalon.documents.services import lire_document
from jalon.socle.errors import DroitManquantError, JalonError
from tests.contrats.parcours import a_signer, un_brouillon
from tests.distribution import Distribution
from tests.documents.test_planches import LONG, lire, places

pytestmark = pytest.mark.django_db


def feuille(contrat: Contrat) -> Any:
    complet = pour_papier(Contrat.objects.filter(pk=contrat.pk)).get()
    return Papeterie(timezone.localdate()).feuille(complet, debut=date(2027, 1, 31), duree=1)


def textes(valeur: Any) -> list[str]:
    if isinstance(valeur, str):
        return [valeur.replace("\u00a0", " ")]
    elements = valeur.values() if isinstance(valeur, dict) else valeur
    return [texte for element in elements for texte in textes(element)]


def test_le_pdf_est_balise_en_francais_et_titre(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    assert contrat.document is not None
    with pikepdf.open(io.BytesIO(lire_document(contrat.document))) as pdf:
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang) == "fr"
        with pdf.open_metadata() as xmp:
            assert xmp["pdfuaid:part"] == "1"
            assert contrat.type.libelle in str(xmp["dc:title"])


def test_il_dit_tout_ce_qui_est_ecrit_et_par_qui(distribution: Distribution) -> None:
    contrat = un_brouillon(distribution)
    valeur = ValeurChamp.objects.filter(contrat=contrat, champ__type="texte").order_by("pk")[0]
    ValeurChamp.objects.filter(pk=valeur.pk).update(par_la_personne=True, ecrit_par=None, texte="Mes mots\nà moi")
    charge = feuille(contrat).charge
    lus = textes(charge)
    for attendu in ("Passer le permis", "S'inscrire à l'auto-école", "Mes mots", "à moi", "Du", "31 janvier 2027"):
        assert attendu in lus
    assert any(t.startswith("27 février 2027 inclus") for t in lus)
    assert any(t.startswith("Écrit par la personne elle-même") for t in lus)
    assert any(t.startswith("Écrit par Paul") for t in lus)
    assert [e["elements"] for e in charge["engagements"]] == [["S'inscrire à l'auto-école"], ["Aide au permis"]]
    assert any("pour valider ce contrat" in t for t in charge["droits"])
    assert [s["qui"] for s in charge["signatures"]][0] == "La personne"


def test_le_balisage_reste_du_texte(distribution: Distribution) -> None:
    contrat = un_brouillon(distribution)
    mechant = '#panic("non") *gras* <a> $x$ \u202e 漢'
    ValeurChamp.objects.filter(contrat=contrat, champ__type="texte").update(texte=mechant)
    contrat.objectifs.update(intitule=mechant)
    papeterie = Papeterie(timezone.localdate())
    complet = pour_papier(Contrat.objects.filter(pk=contrat.pk)).get()
    assert papeterie.rendre(papeterie.feuille(complet, debut=timezone.localdate(), duree=6)).startswith(b"%PDF-")


def test_autant_de_requetes_pour_un_et_pour_vingt(distribution: Distribution) -> None:
    def preparer() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        papeterie = Papeterie(timezone.localdate())
        with CaptureQueriesContext(connection) as requetes:
            for contrat in pour_papier(Contrat.objects.order_by("pk")):
                papeterie.feuille(contrat, debut=timezone.localdate(), duree=6)
        return len(requetes)

    un_brouillon(distribution)
    une = preparer()
    for _ in range(5):
        un_brouillon(distribution)
    assert preparer() == une


# --- En nombre


def variantes(charge: dict[str, Any]) -> list[dict[str, Any]]:
    """Le même contrat, court, long, avec ou sans détail, moyens et auteur : de quoi tourner la page partout."""
    rendues = []
    for rang in range(12):
        rubriques = [
            {
                "question": LONG if n % 2 else "Question",
                "reponse": [LONG] * (1 + n % 3),
                "auteur": "Écrit par X" * (n % 2),
            }
            for n in range(rang)
        ]
        objectif = {
            "titre": LONG, "detail": "Emploi" * (rang % 2),
            "rangees": [["Refaire le CV", "Vous", "01/02/2027" * (rang % 3), LONG * (n % 2)] for n in range(rang)],
        }  # fmt: skip
        rendues.append(
            charge
            | {
                "objet": f"Contrat {rang}", "pied": f"Contrat n° {rang}", "objectifs": [*charge["objectifs"], objectif],
                "sections": [*charge["sections"], {"titre": "Encore", "rubriques": rubriques}],
                "identite": [*charge["identite"], ["Longuement", LONG]], "contacts": [LONG, "Accueil"][: 1 + rang % 2],
            }
        )  # fmt: skip
    return rendues


def test_l_imprimeur_recoit_le_contrat_qui_est_au_dossier(distribution: Distribution) -> None:
    """Le même texte, au même endroit de la même feuille, chaque feuille au nom de son contrat : seules les balises diffèrent."""
    charges = variantes(feuille(un_brouillon(distribution)).charge)
    seuls, planche = rendre_tranche(Papeterie(timezone.localdate()).papier, charges)
    imprimees = lire(planche)
    debut = 0
    for rang, seul in enumerate(seuls):
        pages = lire(seul)
        assert len(pages) >= 2
        for page, imprimee in zip(pages, imprimees[debut:], strict=False):
            dossier, papier = places(page), places(imprimee)
            assert [morceau for morceau, *_ in dossier] == [morceau for morceau, *_ in papier], rang
            assert any(morceau.startswith(f"Contrat n° {rang}") for morceau, *_ in papier)
            for (_, *ou), (_, *la) in zip(dossier, papier, strict=True):
                assert la == pytest.approx(ou, abs=0.1), rang
        debut += len(pages) + len(pages) % 2


def test_chaque_contrat_d_une_tranche_porte_son_titre(distribution: Distribution) -> None:
    charges = variantes(feuille(un_brouillon(distribution)).charge)[:3]
    seuls, _ = rendre_tranche(Papeterie(timezone.localdate()).papier, charges)
    for rang, seul in enumerate(seuls):
        with pikepdf.open(io.BytesIO(seul)) as pdf:
            assert str(pdf.docinfo.Title) == f"Contrat {rang}"
            with pdf.open_metadata() as xmp:
                assert str(xmp["dc:title"]) == f"Contrat {rang}"
                assert (xmp["pdfuaid:part"], xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("1", "2", "A")


def test_un_lot_propose_les_contrats_complets_et_dit_ce_qui_manque_aux_autres(distribution: Distribution) -> None:
    complets = [un_brouillon(distribution) for _ in range(3)]
    vide = un_brouillon(distribution, complet=False)
    referent = distribution.partenaire
    lot = produire_lot(Contrat.objects.all(), acteur=referent, perimetre=Perimetre.de(referent))
    executer(lot.public_id)
    lot.refresh_from_db()
    assert (lot.etat, lot.total) == ("termine", 4)
    assert [e["contrat"] for e in lot.ecartes] == [str(vide.public_id)]
    assert "Écrivez au moins un objectif" in lot.ecartes[0]["raison"]
    assert lot.planche is not None
    for contrat in complets:
        contrat.refresh_from_db()
        assert (contrat.etat, contrat.propose_le) == ("a_signer", timezone.localdate())
        assert contrat.document is not None
        assert lire_document(contrat.document).startswith(b"%PDF-")
        assert [p.acte for p in contrat.passages.order_by("pk")] == ["proposer_signature"]
    assert len({c.document_id for c in complets}) == 3
    vide.refresh_from_db()
    assert vide.etat == "brouillon"


def test_refuse_un_lot_sans_brouillon_ou_sans_droit(distribution: Distribution) -> None:
    a_signer(distribution)
    referent, lecteur = distribution.partenaire, distribution.lecteur
    with pytest.raises(JalonError, match="Aucun contrat à imprimer"):
        produire_lot(Contrat.objects.all(), acteur=referent, perimetre=Perimetre.de(referent))
    with pytest.raises(DroitManquantError):
        produire_lot(Contrat.objects.all(), acteur=lecteur, perimetre=Perimetre.de(lecteur))
