"""La liste à l'organisme payeur : une par caisse, chaque ordre une seule fois, jamais le NIR (F060)."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from jalon.agents.perimetre import Perimetre
from jalon.documents.services import lire_document
from jalon.droits.models import Montant, Soumission
from jalon.manquements import transmissions
from jalon.manquements.models import DecisionSanction, LigneTransmission, Transmission
from jalon.manquements.transmissions import a_transmettre, produire_transmission, retenue_prevue
from jalon.personnes.models import Personne
from jalon.socle.errors import DroitManquantError, HorsPerimetreError
from jalon.traces.models import Lecture
from tests.manquements.sanctions import regle, une_personne_soumise, une_sanction

pytestmark = pytest.mark.django_db
MARS, AVRIL = date(2026, 3, 31), date(2026, 4, 2)
NIR = "285046200100148"


def _sanction(distribution: Any, personne: Personne | None = None, **champs: Any) -> DecisionSanction:
    champs = {"la_regle": regle("plein_emploi", "premiere"), "taux": 30, "duree": 2} | champs
    return une_sanction(distribution, MARS, personne=personne, **champs)


def _droit(personne: Personne, total: str, depuis: date) -> None:
    dossier = Soumission.objects.get(personne=personne).dossier
    Montant.objects.create(dossier=dossier, total=Decimal(total), periode=DateRange(depuis, None))


def _produire(distribution: Any, jour: date = AVRIL) -> list[Transmission]:
    siege = distribution.siege
    return produire_transmission(acteur=siege, perimetre=Perimetre.de(siege), jour=jour)


def _lignes(transmission: Transmission) -> list[dict[str, str]]:
    assert transmission.fichier is not None
    texte = lire_document(transmission.fichier).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(texte), delimiter=";"))


def _lever(decision: DecisionSanction, le: date, distribution: Any) -> None:
    assert decision.debut is not None
    periode = DateRange(decision.debut, le) if le > decision.debut else DateRange(empty=True)
    DecisionSanction.objects.filter(pk=decision.pk).update(
        etat="levee", periode=periode, levee_le=le, levee_par=distribution.siege, motif_levee="en_regle"
    )


def _annuler(decision: DecisionSanction, distribution: Any) -> None:
    DecisionSanction.objects.filter(pk=decision.pk).update(
        etat="annulee", periode=DateRange(empty=True), levee_le=AVRIL, levee_par=distribution.siege,
        motif_levee="erreur",
    )  # fmt: skip


def test_la_liste_dit_le_dossier_les_jours_et_la_retenue_jamais_le_nir(distribution: Any) -> None:
    personne = une_personne_soumise(
        distribution, date(2024, 1, 1), nir_chiffre=NIR.encode(), type_nir="certain", nir_empreinte=b"\1" * 32
    )
    _droit(personne, "635.71", date(2025, 12, 1))
    decision = _sanction(distribution, personne)
    (transmission,) = _produire(distribution)

    assert (transmission.caisse_regime, transmission.caisse_numero) == ("CAF", "621")
    (ligne,) = _lignes(transmission)
    dossier = Soumission.objects.get(personne=personne).dossier
    assert (ligne["Numéro de demande"], ligne["Matricule"]) == (dossier.numero_demande, dossier.matricule)
    assert (ligne["À compter du"], ligne["Jusqu'au (compris)"]) == ("01/04/2026", "31/05/2026")
    assert (ligne["Part retenue (%)"], ligne["Retenue mensuelle prévue (€)"]) == ("30", "190,71")
    assert ligne["Objet"] == "Sanction à appliquer"
    assert NIR not in str(ligne)
    assert transmission.lettre is not None
    assert transmission.lettre.nature == "transmission_payeur"
    assert LigneTransmission.objects.get().decision == decision
    assert Lecture.objects.get(nature="export", ecran="transmissions").nombre == 1


def test_sans_droit_connu_la_retenue_reste_inconnue(distribution: Any) -> None:
    _sanction(distribution)
    (transmission,) = _produire(distribution)

    assert _lignes(transmission)[0]["Retenue mensuelle prévue (€)"] == ""
    assert LigneTransmission.objects.get().montant_prevu is None
    assert retenue_prevue(Decimal("559.42"), 33) == Decimal("184.61")
    assert retenue_prevue(Decimal("100.50"), 50) == Decimal("50.25")
    assert retenue_prevue(None, 50) is None


def test_une_liste_par_caisse(distribution: Any) -> None:
    ici, ailleurs = _sanction(distribution), _sanction(distribution)
    dossier = Soumission.objects.get(personne=ailleurs.personne).dossier
    dossier.caisse_regime, dossier.matricule = "MSA", ""
    dossier.save(update_fields=["caisse_regime", "matricule"])
    caf, msa = _produire(distribution)

    assert (caf.caisse_regime, msa.caisse_regime) == ("CAF", "MSA")
    assert [t.lignes.get().decision for t in (caf, msa)] == [ici, ailleurs]


def test_transmise_une_seule_fois(distribution: Any) -> None:
    decision = _sanction(distribution)
    (transmission,) = _produire(distribution)

    assert _produire(distribution) == []
    with pytest.raises(IntegrityError, match="transmission_une_fois_par_objet"), transaction.atomic():
        LigneTransmission.objects.create(
            transmission=transmission, decision=decision, objet="appliquer", debut=date(2026, 4, 1)
        )


def test_une_decision_pas_encore_notifiee_attend(distribution: Any) -> None:
    _sanction(distribution, etat="decidee")

    assert _produire(distribution) == []


def test_une_amende_ne_se_retient_pas_sur_l_allocation(distribution: Any) -> None:
    une_sanction(distribution, MARS, la_regle=regle("plein_emploi", "amende"))

    assert _produire(distribution) == []


@pytest.mark.parametrize(("le", "a_compter"), [(date(2026, 4, 20), date(2026, 4, 20)), (MARS, date(2026, 4, 1))])
def test_levee_apres_transmission_la_caisse_recoit_l_ordre_une_fois(
    distribution: Any, le: date, a_compter: date
) -> None:
    decision = _sanction(distribution)
    _produire(distribution)
    _lever(decision, le, distribution)
    (transmission,) = _produire(distribution)

    ligne = transmission.lignes.get()
    assert (ligne.objet, ligne.debut, ligne.fin, ligne.montant_prevu) == ("lever", a_compter, None, None)
    assert _produire(distribution) == []


def test_levee_plus_tot_encore_la_caisse_recoit_un_second_ordre(distribution: Any) -> None:
    """Un recours rend des jours de plus après la levée : la caisse les apprend, une fois."""
    decision = _sanction(distribution)
    _produire(distribution)
    _lever(decision, date(2026, 5, 4), distribution)
    _produire(distribution)
    _lever(decision, date(2026, 4, 15), distribution)
    (transmission,) = _produire(distribution)

    ligne = transmission.lignes.get()
    assert (ligne.objet, ligne.debut) == ("lever", date(2026, 4, 15))
    assert _produire(distribution) == []


def test_levee_avant_transmission_seuls_les_jours_restants_s_appliquent(distribution: Any) -> None:
    decision = _sanction(distribution)
    _lever(decision, date(2026, 4, 20), distribution)
    (transmission,) = _produire(distribution)

    ligne = transmission.lignes.get()
    assert (ligne.objet, ligne.debut, ligne.fin) == ("appliquer", date(2026, 4, 1), date(2026, 4, 20))
    assert _produire(distribution) == []


def test_levee_ou_annulee_avant_son_debut_rien_ne_se_transmet(distribution: Any) -> None:
    _lever(_sanction(distribution), MARS, distribution)
    _annuler(_sanction(distribution), distribution)

    assert _produire(distribution) == []


def test_annulee_apres_transmission_la_caisse_recoit_l_ordre_une_fois(distribution: Any) -> None:
    decision = _sanction(distribution)
    _produire(distribution)
    _annuler(decision, distribution)
    (transmission,) = _produire(distribution)

    ligne = transmission.lignes.get()
    assert (ligne.objet, ligne.debut, ligne.fin) == ("annuler", date(2026, 4, 1), date(2026, 6, 1))
    assert _produire(distribution) == []


def test_sans_dossier_connu_la_decision_attend_et_se_montre(distribution: Any) -> None:
    decision = _sanction(distribution)
    Soumission.objects.filter(personne=decision.personne).delete()

    assert _produire(distribution) == []
    (attente,) = a_transmettre(Perimetre.de(distribution.siege), AVRIL)
    assert (attente.decision, attente.dossier) == (decision, None)


def test_refuse_sans_le_droit_ou_sans_tout_le_departement(distribution: Any) -> None:
    chef = distribution.agent("Chantal", "chef_territoire", territoire=distribution.territoire)
    with pytest.raises(DroitManquantError):
        produire_transmission(acteur=chef, perimetre=Perimetre.de(chef), jour=AVRIL)
    borne = Perimetre(agent=chef, droits=frozenset({"transmission.gerer"}))
    with pytest.raises(HorsPerimetreError, match="siège"):
        produire_transmission(acteur=chef, perimetre=borne, jour=AVRIL)


@pytest.mark.parametrize(
    ("suite", "lues"),
    [("", 0), ("fin", 0), ("levee", 1), ("levee_au_terme", 0), ("levee_avant", 1), ("annulee", 1)],
)
def test_ce_qui_est_transmis_et_n_a_pas_change_n_est_plus_lu(
    distribution: Any, monkeypatch: pytest.MonkeyPatch, suite: str, lues: int
) -> None:
    """La page ne s'alourdit pas avec les années : seules se lisent les décisions dont la caisse attend un ordre."""
    decision = _sanction(distribution)
    _produire(distribution)
    if suite.startswith("levee"):
        fin = {"levee": date(2026, 5, 4), "levee_au_terme": date(2026, 6, 1), "levee_avant": MARS}[suite]
        _lever(decision, fin, distribution)
    elif suite == "annulee":
        _annuler(decision, distribution)
    vues: list[DecisionSanction] = []
    ordre = transmissions._ordre
    monkeypatch.setattr(transmissions, "_ordre", lambda d: vues.append(d) or ordre(d))

    jour = date(2029, 1, 1) if suite == "fin" else AVRIL
    assert len(a_transmettre(Perimetre.de(distribution.siege), jour)) == len(vues) == lues


def test_le_nombre_de_requetes_ne_suit_pas_celui_des_decisions(distribution: Any) -> None:
    def lire() -> int:
        with CaptureQueriesContext(
            connection,
        ) as requetes:
            a_transmettre(Perimetre.de(distribution.siege), AVRIL)
        return len(requetes)

    _sanction(distribution)
    une = lire()
    for _ in range(4):
        _sanction(distribution)

    assert lire() == une
