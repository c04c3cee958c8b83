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
from jalon.documents.services import lire_document
from jalon.socle.errors import DroitManquantError, JalonError
from tests.contrats.parcours import a_signer, un_brouillon
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


def feuille(contrat: Contrat) -> Any:
    complet = pour_papier(Contrat.objects.filter(pk=contrat.pk)).get()
    return Papeterie(timezone.localdate()).feuille(complet, debut=date(2027, 1, 31), duree=1)


def textes(valeur: Any) -> list[str]:
    if isinstance(valeur, str):
        return [valeur]
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
