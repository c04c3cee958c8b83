"""Un dossier à décider, léger et légal à une date donnée, et sa sanction posée sans passer par le service."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.droits.models import EtatDossier, Reception, Situation, Soumission
from jalon.manquements.legalite import Projet, etablir_projet
from jalon.manquements.models import DecisionSanction, Manquement, RegleSanction
from jalon.personnes.models import Personne, Rattachement
from tests.fabriques import une_allocataire
from tests.manquements.fabriques import un_avis, un_document, un_manquement

MOTIVATION = "Trois rendez-vous manqués sans motif."


def regle(regime: str, code: str) -> RegleSanction:
    return RegleSanction.objects.select_related("regime").get(regime__code=regime, code=code)


def une_personne_soumise(distribution: Any, depuis: date, **champs: Any) -> Personne:
    """Seule dans son foyer, soumise depuis cette date."""
    personne = une_allocataire(territoire=distribution.territoire, **champs)
    vaut = DateRange(depuis, None)
    Rattachement.objects.filter(personne=personne).update(periode=vaut)
    Soumission.objects.filter(personne=personne).update(periode=vaut)
    Situation.objects.filter(dossier__soumissions__personne=personne).update(periode=vaut)
    return personne


def clore_le_droit(personne: Personne, le: date) -> None:
    """Le flux de ce jour dit le droit clos : la personne sort de la liste des bénéficiaires."""
    ouverte = Situation.objects.get(dossier__soumissions__personne=personne, periode__endswith=None)
    Situation.objects.filter(pk=ouverte.pk).update(periode=DateRange(ouverte.periode.lower, le))
    Situation.objects.create(dossier=ouverte.dossier, etat=EtatDossier.CLOS, periode=DateRange(le, None))


def un_dossier_a_decider(
    distribution: Any, jour: date, *, fraude: bool = False, personne: Personne | None = None, **champs: Any
) -> Manquement:
    """Avertie, délai fini, avis favorable : tout est fait pour décider ce jour."""
    personne = personne or une_personne_soumise(distribution, jour - timedelta(days=900))
    faits = {"motif": "fraude" if fraude else "convocation", "rendez_vous": False, "etat": "avis_rendu"}
    return un_manquement(distribution, personne=personne, **({"faits_le": jour - timedelta(days=120)} | faits | champs))


def un_projet(manquement: Manquement, la_regle: RegleSanction, jour: date, **choix: Any) -> Projet:
    """Le choix le plus simple dans la grille : la moitié pendant un mois, ou trois cents euros."""
    if la_regle.nature == "amende":
        defauts: dict[str, Any] = {"montant": Decimal("300.00")}
    else:
        taux = 100 if la_regle.taux_min == 100 else 50
        defauts = {"taux": taux, "duree": 1}
    return etablir_projet(manquement, regle=la_regle, jour=jour, **({"motivation": MOTIVATION} | defauts | choix))


def inserer(projet: Projet, acteur: Any, **colonnes: Any) -> int:
    """Insère la ligne en SQL, sans service ni modèle ; rend son identifiant."""
    ligne = DecisionSanction(**(projet.colonnes() | {"decidee_par": acteur} | colonnes))
    champs = [f for f in DecisionSanction._meta.concrete_fields if f.name not in ("id", "created_at")]
    valeurs = [f.get_db_prep_save(getattr(ligne, f.attname), connection) for f in champs]
    noms, trous = ", ".join(f.column for f in champs), ", ".join(["%s"] * len(champs))
    with connection.cursor() as curseur:
        curseur.execute(f"insert into manquements_decisionsanction ({noms}) values ({trous}) returning id", valeurs)
        return int(curseur.fetchone()[0])


def contrainte(erreur: IntegrityError) -> str:
    """Nom de la contrainte que la base a nommée."""
    return str(erreur.__cause__.diag.constraint_name)  # type: ignore[union-attr]


def une_sanction(
    distribution: Any, jour: date, *, la_regle: RegleSanction, etat: str = "notifiee", **champs: Any
) -> DecisionSanction:
    """Sanction décidée ce jour (et notifiée le même), posée dans la base qui la vérifie."""
    choix = {nom: champs.pop(nom) for nom in ("taux", "duree", "debut", "montant") if nom in champs}
    manquement = un_dossier_a_decider(distribution, jour, fraude=la_regle.fraude, **champs)
    decision = DecisionSanction.objects.create(
        **un_projet(manquement, la_regle, jour, **choix).colonnes(), decidee_par=distribution.siege
    )
    Manquement.objects.filter(pk=manquement.pk).update(etat="sanctionne", clos_le=jour)
    if etat == "notifiee":
        decision.etat, decision.notifiee_le, decision.recue_le = "notifiee", jour, jour
        decision.lettre = un_document(decision.personne, "Décision")
        decision.save(update_fields=["etat", "notifiee_le", "recue_le", "lettre"])
    return DecisionSanction.objects.get(pk=decision.pk)


def un_flux(personne: Personne, le: date) -> Reception:
    """Le dossier de la personne est dans le flux de ce jour."""
    dossier = Soumission.objects.select_related("dossier").get(personne=personne).dossier
    return Reception.objects.create(dossier=dossier, date_reference=le, emis_le=f"{le}T02:00:00+00:00")


__all__ = [
    "MOTIVATION", "contrainte", "inserer", "regle", "un_avis", "un_dossier_a_decider", "un_flux", "un_projet",
    "une_personne_soumise", "une_sanction",
]  # fmt: skip
