"""Tout ce que la page d'une personne ou d'un foyer montre, lu en un seul aller-retour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from types import SimpleNamespace

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement, DesignationReferent, Maintien
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.diagnostics.models import Passation, Recueil
from jalon.documents.models import Canal, Envoi
from jalon.droits.models import (
    Activite,
    DemandeInstruction,
    DossierRsa,
    EtatDemande,
    EtatDossier,
    Evenement,
    Montant,
    NatureDroit,
    Reception,
    Ressource,
    Situation,
    Soumission,
    Suspension,
)
from jalon.manquements.models import Manquement, RecoursSanction
from jalon.orientations.models import AttenteOrientation, DecisionOrientation, NotificationOrientation
from jalon.personnes.courriers import lettres_perdues
from jalon.personnes.models import (
    Adresse,
    EtatRapprochement,
    Foyer,
    Fusion,
    IdentiteAnterieure,
    Personne,
    PublicPersonne,
    Rapprochement,
    Rattachement,
    Tache,
)
from jalon.rendezvous.models import EtatRendezVous, Invitation, NoteEntretien, RendezVous
from jalon.traces.models import Acte, Lecture
from jalon.web.socle.lots import Lot, lire_lots

EN_COURS = Q(periode__endswith=None, periode__isempty=False)
LECTURES_MONTREES = 100
ACTES_MONTRES = 100
ACTES_DE_PROCEDURE = "manquements."
PROCEDURES_LUES = 10
GRACE_RENDEZ_VOUS = timedelta(hours=2)
"""Un rendez-vous commencé reste le prochain tant qu'il dure."""

SITUATION = (
    "id", "dossier_id", "periode", "etat", "situation_familiale", "nombre_charges", "sans_domicile_fixe",
    "refus_motif", "refus_le", "cloture_motif", "cloture_le", "cloture_anterieure_motif", "cloture_anterieure_le",
    "cedant", "arrive_le", "prenant", "parti_le",
)  # fmt: skip
MEMBRE = (
    "foyer_id", "personne_id", "personne__public_id", "personne__nom", "personne__prenom", "personne__date_naissance",
    "personne__sexe", "role", "responsable", "parente", "periode", "date_debut", "date_fin", "soumise",
)  # fmt: skip
DOSSIER = (
    "id", "public_id", "foyer_id", "foyer__public_id", "numero_demande", "matricule", "caisse_regime", "caisse_numero",
    "date_demande",
)  # fmt: skip
ADRESSE = (
    "foyer_id", "rang", "type", "etat", "depuis", "complement_identite", "complement", "numero", "type_voie", "voie",
    "lieu_dit", "code_postal", "nom_commune", "lignes_etranger", "en_qpv", "periode",
)  # fmt: skip
NATURE = ("dossier_id", "periode", "nature", "sous_nature", "debut", "fin", "montant_verse", "dernier_versement")
MONTANT = (
    "dossier_id", "periode", "debut", "fin", "revenu_minimum", "ressources", "forfait_logement",
    "prestations_familiales", "abattements", "reduction_departement", "total",
)  # fmt: skip
RESSOURCE = (
    "dossier_id", "mois", "nature", "montant", "heures", "abattement", "nulles", "trimestre_debut", "trimestre_fin",
)  # fmt: skip
ATTENTE = (
    "id", "motif", "entree_le", "echeance", "sortie_le", "motif_sortie", "agent__prenom", "agent__nom", "service__libelle",
)  # fmt: skip
DECISION = (
    "id", "public_id", "decidee_le", "periode", "attente_id", "type__libelle", "type__sphere", "type__contrat",
    "type__delai_contrat", "organisme__libelle", "organisme__telephone", "motif__libelle", "decidee_par__prenom",
    "decidee_par__nom",
)  # fmt: skip
DESIGNATION = (
    "periode", "agent__prenom", "agent__nom", "nom_externe", "contact_externe", "organisme__libelle",
    "organisme__telephone",
)  # fmt: skip
CONTRAT = (
    "public_id", "etat", "reference_seule", "type__libelle", "type__delai_validation", "ouvert_le", "propose_le",
    "signe_le", "recu_le", "valide_le", "clos_le", "periode",
)  # fmt: skip
PROCEDURE = (
    "public_id", "etat", "service_en_cause", "averti_le", "averti_recu_le", "observations_jusqu_au", "reponse_le",
    "demande_audition", "audition_proposee_le", "motif_legitime", "decision__etat", "decision__periode",
    "decision__notifiee_le", "decision__recue_le", "recours_echeance", "avertissement_rendu_le", "decision_rendue_le",
)  # fmt: skip
IDENTITE = (
    "periode", "civilite", "nom", "nom_naissance", "prenom", "date_naissance", "sexe", "type_nir",
    "etat_civil_certifie",
)  # fmt: skip


def est_en_cours(fait: SimpleNamespace) -> bool:
    """Vrai aujourd'hui, à notre connaissance : le dernier flux ne l'a pas démenti."""
    return not fait.periode.isempty and fait.periode.upper is None


@dataclass
class DossierPersonne:
    """Une personne, tous ses foyers et dossiers, et les lignes de chaque rubrique (absente d'un onglet : vide)."""

    personne: Personne
    lignes: dict[str, list[SimpleNamespace]] = field(default_factory=dict)

    def __getattr__(self, nom: str) -> list[SimpleNamespace]:
        try:
            return self.__dict__["lignes"][nom]
        except KeyError:
            raise AttributeError(nom) from None

    @cached_property
    def rattachement(self) -> SimpleNamespace | None:
        """Place actuelle : dans le foyer du dossier courant s'il y en a un."""
        actuels = [r for r in self.rattachements if est_en_cours(r)]
        if self.dossier is not None:
            return next((r for r in actuels if r.foyer_id == self.dossier.foyer_id), None)
        return actuels[0] if actuels else None

    @cached_property
    def dossier(self) -> SimpleNamespace | None:
        """Dossier montré d'abord : dans un foyer actuel, au droit ouvert de préférence, le plus récent."""
        foyers = {r.foyer_id for r in self.rattachements if est_en_cours(r)}

        def rang(dossier: SimpleNamespace) -> tuple[bool, bool, bool, date]:
            etat = self.etat_de(dossier)
            return (dossier.foyer_id in foyers, etat in EtatDossier.ouverts(), etat != "", dossier.date_demande)

        return max(self.dossiers, key=rang, default=None)

    @property
    def autres_dossiers(self) -> list[SimpleNamespace]:
        return [d for d in self.dossiers if self.dossier is not None and d.id != self.dossier.id]

    def etat_de(self, dossier: SimpleNamespace) -> str:
        situation = self.situation_de(dossier)
        return situation.etat if situation is not None else ""

    def situation_de(self, dossier: SimpleNamespace) -> SimpleNamespace | None:
        return next((s for s in self.situations if s.dossier_id == dossier.id and est_en_cours(s)), None)

    @property
    def situation(self) -> SimpleNamespace | None:
        return self.situation_de(self.dossier) if self.dossier is not None else None

    @property
    def etat(self) -> str:
        return self.situation.etat if self.situation is not None else ""

    @cached_property
    def soumission(self) -> SimpleNamespace | None:
        """Soumission en cours, dans le dossier courant de préférence."""
        actuelles = [s for s in self.soumissions if est_en_cours(s)]
        courante = self.dossier.id if self.dossier is not None else None
        return max(actuelles, key=lambda s: (s.dossier_id == courante, s.soumise), default=None)

    @cached_property
    def soumise_depuis(self) -> date | None:
        """Début de la suite ininterrompue de périodes soumises qui court aujourd'hui."""
        if self.soumission is None or not self.soumission.soumise:
            return None
        debut: date | None = self.soumission.periode.lower
        for passee in sorted(
            (s for s in self.soumissions if s.dossier_id == self.soumission.dossier_id and not s.periode.isempty),
            key=lambda s: s.periode.lower, reverse=True,
        ):  # fmt: skip
            if passee.periode.upper == debut and passee.soumise:
                debut = passee.periode.lower
        return debut

    @property
    def attente(self) -> SimpleNamespace | None:
        return next((a for a in self.attentes if a.sortie_le is None), None)

    @property
    def decision(self) -> SimpleNamespace | None:
        """L'orientation en vigueur."""
        return next((d for d in self.decisions if est_en_cours(d)), None)

    @property
    def notification(self) -> SimpleNamespace | None:
        """La dernière lettre de l'orientation en vigueur ; la réception certaine est celle qui fait courir le contrat."""
        decision = self.decision
        lettres = [n for n in self.notifications if decision is not None and n.decision_id == decision.id]
        return next((n for n in lettres if n.recue_le is not None), lettres[0] if lettres else None)

    @property
    def designation(self) -> SimpleNamespace | None:
        return next((d for d in self.designations if est_en_cours(d)), None)

    @property
    def contrat_vivant(self) -> SimpleNamespace | None:
        """Le contrat en vigueur, écrit ici de préférence à un contrat seulement cité."""
        vivants = [c for c in self.contrats if c.etat in EtatContrat.vivants()]
        return min(vivants, key=lambda c: c.reference_seule, default=None)

    @property
    def contrat_prepare(self) -> SimpleNamespace | None:
        """Celui que l'on écrit, signe ou valide."""
        return next((c for c in self.contrats if c.etat in EtatContrat.en_preparation()), None)

    @property
    def maintien(self) -> SimpleNamespace | None:
        return next((m for m in self.maintiens if m.clos_le is None), None)

    @property
    def accompagnement(self) -> SimpleNamespace | None:
        jour = timezone.localdate()
        return next((a for a in self.accompagnements if jour in a.periode), None)

    @property
    def demande_due(self) -> SimpleNamespace | None:
        """Demande à qui le service doit encore information ou recueil (R05)."""
        dues = [d for d in self.demandes if d.complement_le is None and d.etat != EtatDemande.SANS_SUITE]
        return dues[0] if dues else None

    @property
    def publics_courants(self) -> list[SimpleNamespace]:
        jour = timezone.localdate()
        return [p for p in self.publics if not p.periode.isempty and jour in p.periode]

    @property
    def membres_presents(self) -> list[SimpleNamespace]:
        foyer = self.dossier.foyer_id if self.dossier is not None else None
        return [m for m in self.membres if m.foyer_id == foyer and est_en_cours(m)]

    @property
    def natures_courantes(self) -> list[SimpleNamespace]:
        rsa = self.dossier.id if self.dossier is not None else None
        return [n for n in self.natures if n.dossier_id == rsa and est_en_cours(n)]

    @property
    def natures_recentes(self) -> list[SimpleNamespace]:
        return list(reversed(self.natures))

    @property
    def montant(self) -> SimpleNamespace | None:
        rsa = self.dossier.id if self.dossier is not None else None
        return next((m for m in self.montants if m.dossier_id == rsa and est_en_cours(m)), None)

    @property
    def adresse(self) -> SimpleNamespace | None:
        foyer = self.rattachement.foyer_id if self.rattachement is not None else None
        return next((a for a in self.adresses if a.foyer_id == foyer and est_en_cours(a)), None)

    @property
    def dernier_flux(self) -> date | None:
        return max((r.date_reference for r in self.receptions), default=None)


def dossier_personne(personne: Personne, *onglets: str, procedures: bool = False) -> DossierPersonne:
    """Lit l'en-tête et les onglets voulus (`parcours`, `droits`, `identite`, `lectures`).

    Sans `procedures`, rien de ce qui est reproché à la personne n'est lu, ni la procédure ni ses actes.
    """
    foyers, dossiers = _cles(Rattachement.objects.filter(personne=personne))
    lots = _entete(personne, foyers, dossiers)
    if "parcours" in onglets:
        lots |= _parcours(personne, dossiers, procedures)
    if "droits" in onglets:
        lots |= _droits(personne, dossiers)
    if "identite" in onglets:
        lots |= _identite(personne)
    if "lectures" in onglets:
        lots |= _lectures(personne)
    return DossierPersonne(personne, lire_lots(lots))


def _cles(rattachements: QuerySet[Rattachement]) -> tuple[list[int], list[int]]:
    """Clés des foyers et de leurs dossiers, lues d'abord.

    Avec des clés écrites, PostgreSQL n'a que ces lignes à soumettre à la sécurité par ligne ; avec une
    sous-requête, son estimation le pousse à lire d'avance ce que l'agent pourrait voir.
    """
    paires = rattachements.order_by("foyer_id", "foyer__dossiers__id").values_list("foyer_id", "foyer__dossiers__id")
    lues = list(paires.distinct())
    return sorted({foyer for foyer, _ in lues}), sorted({dossier for _, dossier in lues if dossier is not None})


def _entete(personne: Personne, foyers: Sequence[int], dossiers: Sequence[int]) -> dict[str, Lot]:
    return {
        "rattachements": (
            Rattachement.objects.filter(personne=personne).order_by("-periode", "-pk"),
            ("foyer_id", "foyer__public_id", "role", "responsable", "periode", "date_debut", "date_fin"),
        ),
        "membres": (_membres(Rattachement.objects.filter(foyer__id__parmi=foyers)), MEMBRE),
        "dossiers": (DossierRsa.objects.filter(id__parmi=dossiers).order_by("-date_demande", "-pk"), DOSSIER),
        "situations": (
            Situation.objects.filter(dossier__id__parmi=dossiers).order_by("dossier_id", "periode", "pk"),
            SITUATION,
        ),
        "soumissions": (
            Soumission.objects.filter(personne=personne).order_by("periode", "pk"),
            ("dossier_id", "periode", "soumise", "entrante", "ressources", "abattements"),
        ),
        "natures": (
            NatureDroit.objects.filter(dossier__id__parmi=dossiers).order_by("periode", "pk"),
            NATURE,
        ),
        "adresses": (Adresse.objects.filter(foyer__id__parmi=foyers).order_by("rang", "-periode", "-pk"), ADRESSE),
        "attentes": (
            AttenteOrientation.objects.filter(personne=personne).order_by("-entree_le", "-pk"),
            ATTENTE,
        ),
        "decisions": (
            DecisionOrientation.objects.filter(personne=personne, annulee_le=None).order_by("-decidee_le", "-pk"),
            DECISION,
        ),
        "notifications": (
            NotificationOrientation.objects.filter(decision__personne=personne, decision__annulee_le=None).order_by(
                "-produite_le", "-pk"
            ),
            ("decision_id", "produite_le", "recue_le"),
        ),
        "designations": (
            DesignationReferent.objects.filter(personne=personne).order_by("-periode", "-pk"),
            DESIGNATION,
        ),
        "contrats": (Contrat.objects.filter(personne=personne).order_by("-ouvert_le", "-pk"), CONTRAT),
        "recueils": (
            Recueil.objects.filter(personne=personne).order_by("-date_recueil", "-pk")[:1],
            ("date_recueil",),
        ),
        "passations": (
            Passation.objects.filter(personne=personne).order_by("-date_passation", "-pk")[:1],
            ("date_passation", "version__grille__libelle"),
        ),
        "invitations": (
            Invitation.objects.filter(personne=personne).exclude(etat="annulee").order_by("-reunion__date", "-pk"),
            ("etat", "reunion__date", "motif"),
        ),
        "maintiens": (
            Maintien.objects.filter(personne=personne).order_by("-debut", "-pk"),
            ("debut", "echeance", "etat", "clos_le"),
        ),
        "accompagnements": (
            Accompagnement.objects.filter(personne=personne).order_by("-periode", "-pk"),
            ("periode", "organisme__libelle", "agent__prenom", "agent__nom"),
        ),
        "taches": (
            Tache.objects.filter(personne=personne).order_by("-ouverte_le", "-pk"),
            ("type", "etat", "echeance", "ouverte_le", "close_le", "organisme__libelle", "agent__prenom", "agent__nom"),
        ),
        "publics": (
            PublicPersonne.objects.filter(personne=personne).order_by("-periode", "-pk"),
            ("periode", "public__libelle"),
        ),
        "demandes": (
            DemandeInstruction.objects.filter(personne=personne).order_by("-depot_le", "-pk"),
            ("public_id", "depot_le", "echeance", "etat", "complement_le", "organisme__libelle"),
        ),
        "receptions": (
            Reception.objects.filter(dossier__id__parmi=dossiers).order_by("-date_reference", "-emis_le")[:1],
            ("dossier_id", "date_reference"),
        ),
    }


def _membres(rattachements: QuerySet[Rattachement]) -> QuerySet[Rattachement]:
    soumise = Soumission.objects.filter(
        EN_COURS, personne=OuterRef("personne_id"), dossier__foyer=OuterRef("foyer_id"), soumise=True
    )
    return rattachements.annotate(soumise=Exists(soumise)).order_by(
        F("responsable").desc(), "personne__date_naissance", "personne_id", "periode"
    )


def _parcours(personne: Personne, dossiers: Sequence[int], procedures: bool) -> dict[str, Lot]:
    actes = Acte.objects.filter(personnes__contains=[personne.public_id])
    return (_procedures(personne) if procedures else {}) | {
        "suspensions": (
            Suspension.objects.filter(dossier__id__parmi=dossiers).order_by("periode", "pk"),
            ("dossier_id", "periode", "cible", "motif", "debut", "groupe"),
        ),
        "evenements": (
            Evenement.objects.filter(dossier__id__parmi=dossiers).order_by("-liquide_le", "-pk")[:200],
            ("dossier_id", "liquide_le", "fait_generateur", "recu_le"),
        ),
        "lettres_perdues": (lettres_perdues(personne)[:1], ("revenu_le", "destinataire")),
        "fusions": (
            Fusion.objects.filter(gardee=personne).order_by("-faite_le"),
            ("faite_le", "defaite_le", "absorbee__prenom", "absorbee__nom"),
        ),
        "rendez_vous": (
            RendezVous.objects.filter(
                personne=personne, etat=EtatRendezVous.FIXE, debut__gte=timezone.now() - GRACE_RENDEZ_VOUS
            ).order_by("debut", "pk")[:1],
            ("public_id", "objet", "debut", "modalite", "lieu", "agent__prenom", "agent__nom"),
        ),
        "notes": (
            NoteEntretien.objects.filter(personne=personne).order_by("-date", "-pk")[:1],
            ("public_id", "date", "suite", "faits", "auteur__prenom", "auteur__nom"),
        ),
        "actes": (
            (actes if procedures else actes.exclude(code__startswith=ACTES_DE_PROCEDURE)).order_by(
                "-accompli_le", "-pk"
            )[:ACTES_MONTRES],
            ("code", "resume", "motif", "organisme", "accompli_le", "acteur__prenom", "acteur__nom"),
        ),
    }


def _procedures(personne: Personne) -> dict[str, Lot]:
    """Les dernières procédures, la plus récente d'abord, le recours qui attend sa réponse, et les lettres rendues."""
    recours = RecoursSanction.objects.filter(decision__manquement=OuterRef("pk"), issue="").order_by("echeance")

    def rendue_le(lettre: str) -> Subquery:
        derniers = Envoi.objects.filter(document=OuterRef(lettre), canal=Canal.COURRIER).order_by("-pk")
        return Subquery(derniers.values("revenu_le")[:1])

    return {
        "procedures": (
            Manquement.objects.filter(personne=personne)
            .annotate(
                recours_echeance=Subquery(recours.values("echeance")[:1]),
                avertissement_rendu_le=rendue_le("avertissement"),
                decision_rendue_le=rendue_le("decision__lettre"),
            )
            .order_by("-prepare_le", "-pk")[:PROCEDURES_LUES],
            PROCEDURE,
        )
    }


def _calculs(dossiers: Sequence[int]) -> dict[str, Lot]:
    return {
        "suspensions": (
            Suspension.objects.filter(dossier__id__parmi=dossiers).order_by("-periode", "-pk"),
            ("dossier_id", "periode", "cible", "motif", "debut", "groupe"),
        ),
        "montants": (Montant.objects.filter(dossier__id__parmi=dossiers).order_by("-periode", "-pk"), MONTANT),
    }


def _droits(personne: Personne, dossiers: Sequence[int]) -> dict[str, Lot]:
    ressources = Ressource.objects.filter(EN_COURS, personne=personne)
    return _calculs(dossiers) | {
        "ressources": (ressources.order_by(F("mois").desc(nulls_last=True), "nature", "pk"), RESSOURCE),
        "activites": (
            Activite.objects.filter(personne=personne).order_by("-periode", "-debut", "-pk"),
            ("periode", "regime", "activite", "debut", "fin", "nature_contrat"),
        ),
    }


def _identite(personne: Personne) -> dict[str, Lot]:
    return {
        "identites": (
            IdentiteAnterieure.objects.filter(personne=personne).order_by("-periode", "-pk"),
            IDENTITE,
        ),
        "doutes": (
            Rapprochement.objects.filter(
                Q(ancienne=personne) | Q(nouvelle=personne), etat=EtatRapprochement.A_EXAMINER
            ).order_by("-score", "pk"),
            ("public_id", "score", "motif", "date_flux"),
        ),
        "fusions": (
            Fusion.objects.filter(gardee=personne).order_by("-faite_le"),
            ("faite_le", "defaite_le", "absorbee__prenom", "absorbee__nom"),
        ),
    }


def _lectures(personne: Personne) -> dict[str, Lot]:
    return {
        "lectures": (
            Lecture.objects.filter(personne=personne.public_id).order_by("-lu_le", "-pk")[:LECTURES_MONTREES],
            ("nature", "organisme", "ecran", "lu_le", "agent__prenom", "agent__nom"),
        )
    }


@dataclass
class DossierFoyer:
    """Un foyer : ses membres d'aujourd'hui et d'hier, ses dossiers, ses adresses."""

    foyer: Foyer
    lignes: dict[str, list[SimpleNamespace]] = field(default_factory=dict)

    @property
    def presents(self) -> list[SimpleNamespace]:
        return [m for m in self.lignes["membres"] if est_en_cours(m)]

    @property
    def mouvements(self) -> list[SimpleNamespace]:
        """Membres passés, du plus récent au plus ancien."""
        passes = [m for m in self.lignes["membres"] if not est_en_cours(m) and not m.periode.isempty]
        return sorted(passes, key=lambda m: (m.periode.upper, m.personne_id), reverse=True)

    @property
    def adresses(self) -> list[SimpleNamespace]:
        return [a for a in self.lignes["adresses"] if est_en_cours(a)]

    @property
    def dossiers(self) -> Iterable[SimpleNamespace]:
        """Dossiers du plus récent au plus ancien, chacun avec sa situation, ses natures et son montant du jour."""
        for dossier in self.lignes["dossiers"]:
            du_dossier = {
                nom: [f for f in self.lignes[nom] if f.dossier_id == dossier.id]
                for nom in ("situations", "natures", "montants", "suspensions")
            }
            yield SimpleNamespace(
                **vars(dossier),
                situation=next((s for s in du_dossier["situations"] if est_en_cours(s)), None),
                natures=[n for n in du_dossier["natures"] if est_en_cours(n)],
                montant=next((m for m in du_dossier["montants"] if est_en_cours(m)), None),
                suspensions=du_dossier["suspensions"],
            )


def dossier_foyer(foyer: Foyer) -> DossierFoyer:
    """Lit la page d'un foyer ; la sécurité par ligne retient les membres que l'agent ne voit pas."""
    _, dossiers = _cles(Rattachement.objects.filter(foyer=foyer))
    lots: dict[str, Lot] = {
        "membres": (_membres(Rattachement.objects.filter(foyer=foyer)), MEMBRE),
        "dossiers": (DossierRsa.objects.filter(id__parmi=dossiers).order_by("-date_demande", "-pk"), DOSSIER),
        "situations": (
            Situation.objects.filter(dossier__id__parmi=dossiers).order_by("dossier_id", "periode", "pk"),
            SITUATION,
        ),
        "natures": (
            NatureDroit.objects.filter(dossier__id__parmi=dossiers).order_by("periode", "pk"),
            NATURE,
        ),
        **_calculs(dossiers),
        "adresses": (Adresse.objects.filter(foyer=foyer).order_by("rang", "-periode", "-pk"), ADRESSE),
    }
    return DossierFoyer(foyer, lire_lots(lots))
