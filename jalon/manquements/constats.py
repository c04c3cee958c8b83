"""Le service est-il en cause ? La réponse se calcule depuis le dossier, et personne ne l'écrit à sa place (R62, F058).

« Aucune suspension lorsque l'absence ou le contrat manquant est imputable aux services » ([000] III.2). Un tort trouvé
ne se retire pas : il disparaît si le dossier change (une date corrigée, un fait retiré), jamais parce que quelqu'un le
demande. `efface` : le tort explique ce qui est reproché, aucune sanction n'est possible ; sinon il se lit, sans plus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

from django.db import transaction
from django.utils import timezone

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, Signataire
from jalon.contrats.models import Contrat, SignatureContrat
from jalon.documents.models import Canal, Document, Envoi, EtatEnvoi
from jalon.manquements.models import CodeConstat, ConstatService, FaitManquement, Manquement, PreuveAttendue
from jalon.manquements.services import exiger_un_des_droits, tracer_acte, verrouiller
from jalon.manquements.workflows import exiger_acte
from jalon.orientations.models import DecisionOrientation, NotificationOrientation
from jalon.personnes.fusion import effets_complets
from jalon.referentiels.models import Libelle
from jalon.referentiels.parametres import ParametreAbsentError, ajouter_mois, mot, nombre
from jalon.rendezvous.models import (
    EtatInvitation,
    EtatJustificatif,
    EtatRendezVous,
    EtatReunion,
    Invitation,
    ObjetRendezVous,
    RendezVous,
)
from jalon.socle.errors import JalonError

PHRASE_MAXIMALE: Final = 500
ANNULES: Final = frozenset({EtatRendezVous.ANNULE, EtatRendezVous.REPORTE})
TENUS: Final = frozenset({EtatRendezVous.EXCUSE, EtatRendezVous.HONORE})


@dataclass(frozen=True)
class Constat:
    """Un tort trouvé : ce que dit le dossier, avec ses dates, et s'il efface le reproche."""

    code: CodeConstat
    phrase: str
    efface: bool = True


# --- Calculer


def constater(manquement: Manquement) -> list[Constat]:
    """Torts du service que montre le dossier aujourd'hui, un par code ; vide si le service est hors de cause.

    Le dossier est lu en entier, quel que soit le périmètre de qui demande : un tort ne dépend pas de qui regarde.
    """
    with transaction.atomic(), effets_complets():
        trouves: dict[CodeConstat, list[Constat]] = {}
        for constat in _Dossier(manquement).torts():
            trouves.setdefault(constat.code, []).append(constat)
        reconnu = manquement.constats.filter(code=CodeConstat.DECLARE).first()
    constats = [
        Constat(code, _joindre(c.phrase for c in trouves[code]), any(c.efface for c in trouves[code]))
        for code in CodeConstat
        if code in trouves
    ]
    if reconnu is not None:
        constats.append(Constat(CodeConstat.DECLARE, reconnu.phrase))
    return constats


def _joindre(phrases: Iterable[str]) -> str:
    texte = " ".join(dict.fromkeys(phrases))
    return texte if len(texte) <= PHRASE_MAXIMALE else f"{texte[: PHRASE_MAXIMALE - 1]}…"


class _Dossier:
    """Ce que le dossier dit des jours où les faits ont eu lieu."""

    def __init__(self, manquement: Manquement) -> None:
        self.manquement = manquement
        self.faits: Sequence[FaitManquement] = list(
            manquement.faits.select_related(
                "rendez_vous__lettre", "invitation__reunion", "invitation__lettre", "invitation__justificatif"
            ).order_by("date", "pk")
        )

    def torts(self) -> Iterator[Constat]:
        """Les torts, fait par fait. Une fraude ne s'explique par aucun d'eux : seul un tort reconnu l'efface."""
        if self.manquement.motif.fraude:
            return
        for fait in self.faits:
            if fait.rendez_vous is not None:
                yield from self._rendez_vous(fait.rendez_vous)
            elif fait.invitation is not None:
                yield from self._invitation(fait.invitation)
            else:
                yield from self._annules_ce_jour(fait.date)
            # Une réunion d'information se tient avant l'orientation : ni référent ni décision ne sont encore dus.
            if fait.invitation is None:
                yield from self._referent(fait.date)
                yield from self._orientation(fait.date)
        if self.faits:
            yield from self._contrat(self.faits[0].date, self.faits[-1].date)

    # --- Les rendez-vous et les réunions

    def _rendez_vous(self, rendez_vous: RendezVous) -> Iterator[Constat]:
        jour = timezone.localdate(rendez_vous.debut)
        quoi = f"le rendez-vous du {jour:%d/%m/%Y}"
        if rendez_vous.etat in ANNULES:
            yield _annule(rendez_vous)
            return
        if rendez_vous.etat in TENUS:
            yield Constat(
                CodeConstat.FAIT_EXCUSE,
                f"Pour {quoi}, la personne est notée « {rendez_vous.get_etat_display().lower()} ».",
            )
            return
        parti = timezone.localdate(rendez_vous.convoque_le) if rendez_vous.convoque_le is not None else None
        yield from self._convocation(quoi, jour, parti, rendez_vous.lettre, "rendezvous.delai_convocation")

    def _invitation(self, invitation: Invitation) -> Iterator[Constat]:
        reunion = invitation.reunion
        quoi = f"{_le(mot('reunion_information'))} du {reunion.date:%d/%m/%Y}"
        if reunion.etat == EtatReunion.ANNULEE:
            yield Constat(CodeConstat.RENDEZ_VOUS_ANNULE, f"Le service a annulé {quoi}.")
            return
        justificatif = getattr(invitation, "justificatif", None)
        acceptee = justificatif is not None and justificatif.etat == EtatJustificatif.ACCEPTEE
        if acceptee or invitation.etat in (EtatInvitation.EXCUSEE, EtatInvitation.PRESENTE):
            dit = (
                "l'absence est acceptée"
                if acceptee
                else f"la personne est notée « {invitation.get_etat_display().lower()} »"
            )
            yield Constat(CodeConstat.FAIT_EXCUSE, f"Pour {quoi}, {dit}.")
            return
        parti = timezone.localdate(invitation.convoquee_le) if invitation.convoquee_le is not None else None
        yield from self._convocation(quoi, reunion.date, parti, invitation.lettre, "reunion.delai_convocation")

    def _convocation(
        self, quoi: str, jour: date, parti: date | None, lettre: Document | None, delai: str
    ) -> Iterator[Constat]:
        """Convoquée par écrit, assez tôt, à une adresse où la lettre est arrivée."""
        if parti is None or lettre is None:
            yield Constat(CodeConstat.SANS_CONVOCATION, f"Aucune convocation écrite n'est partie pour {quoi}.")
            return
        if _revenue(lettre):
            yield Constat(
                CodeConstat.ADRESSE_FAUSSE, f"La convocation du {parti:%d/%m/%Y} ({quoi}) n'a pas pu être remise."
            )
        jours = int(nombre(delai, jour))
        if parti > jour - timedelta(days=jours):
            ecoules = (jour - parti).days
            avant = "le jour même ou après" if ecoules <= 0 else f"{ecoules} jour{'s' if ecoules > 1 else ''} avant"
            yield Constat(
                CodeConstat.CONVOCATION_TARDIVE,
                f"La convocation est partie le {parti:%d/%m/%Y}, {avant} ({quoi}) : il en faut au moins {jours}.",
            )

    def _annules_ce_jour(self, jour: date) -> Iterator[Constat]:
        annules = RendezVous.objects.filter(
            personne=self.manquement.personne_id, debut__date=jour, etat__in=ANNULES
        ).order_by("debut", "pk")
        for rendez_vous in annules:
            yield _annule(rendez_vous)

    # --- Ce que le service devait avoir fait avant

    @property
    def _preuve(self) -> str:
        return self.manquement.motif.preuve

    def _referent(self, jour: date) -> Iterator[Constat]:
        if not DesignationReferent.objects.filter(
            personne=self.manquement.personne_id, periode__contains=jour
        ).exists():
            yield Constat(
                CodeConstat.SANS_REFERENT,
                f"Le {jour:%d/%m/%Y}, la personne n'avait pas de {mot('referent').singulier}.",
                efface=self._preuve != PreuveAttendue.LIBRE,
            )

    def _orientation(self, jour: date) -> Iterator[Constat]:
        efface = self._preuve != PreuveAttendue.LIBRE
        decision = self._decision(jour)
        if decision is None:
            yield Constat(
                CodeConstat.SANS_ORIENTATION, f"Le {jour:%d/%m/%Y}, la personne n'était pas orientée.", efface=efface
            )
            return
        lettres = [n for n in decision.notifications.order_by("produite_le", "pk") if n.produite_le <= jour]
        if not lettres:
            yield Constat(
                CodeConstat.SANS_ORIENTATION,
                f"L'orientation du {decision.decidee_le:%d/%m/%Y} n'était pas notifiée le {jour:%d/%m/%Y}.",
                efface=efface,
            )
        elif all(n.recue_le is not None and n.recue_le > jour for n in lettres):
            recue = min(n.recue_le for n in lettres if n.recue_le is not None)
            yield Constat(
                CodeConstat.SANS_ORIENTATION,
                f"L'orientation du {decision.decidee_le:%d/%m/%Y} n'a été reçue que le {recue:%d/%m/%Y}, après les faits.",
                efface=efface,
            )
        elif all(n.recue_le is None for n in lettres) and self._toutes_revenues(lettres):
            yield Constat(
                CodeConstat.ADRESSE_FAUSSE,
                f"La notification d'orientation du {lettres[-1].produite_le:%d/%m/%Y} n'a pas pu être remise.",
                efface=efface,
            )

    def _decision(self, jour: date) -> DecisionOrientation | None:
        return (
            DecisionOrientation.objects.filter(
                personne=self.manquement.personne_id, annulee_le=None, periode__contains=jour
            )
            .select_related("type")
            .first()
        )

    @staticmethod
    def _toutes_revenues(lettres: Sequence[NotificationOrientation]) -> bool:
        documents = {
            d.public_id: d
            for d in Document.objects.filter(public_id__in=[n.lettre for n in lettres if n.lettre]).order_by("pk")
        }
        return bool(documents) and all(_revenue(documents[n.lettre]) for n in lettres if n.lettre in documents)

    # --- Le contrat (R48-R50)

    def _contrat(self, premier: date, dernier: date) -> Iterator[Constat]:
        """Contrat proposé et validé dans les délais du service ; ce retard n'efface que ce qui tient au contrat."""
        efface = self._preuve in (PreuveAttendue.CONTRAT, PreuveAttendue.SANS_CONTRAT)
        yield from self._validation(premier, dernier, efface)
        if self._preuve == PreuveAttendue.CONTRAT:
            yield from self._contrat_en_cause(premier, dernier)
            return
        yield from self._proposition(premier, efface=self._preuve == PreuveAttendue.SANS_CONTRAT)
        if self._preuve == PreuveAttendue.SANS_CONTRAT:
            yield from self._signe_par_la_personne(premier)

    @cached_property
    def _contrats(self) -> list[Contrat]:
        return list(
            Contrat.objects.filter(personne=self.manquement.personne_id, reference_seule=False)
            .select_related("type")
            .order_by("ouvert_le", "pk")
        )

    def _validation(self, premier: date, dernier: date, efface: bool) -> Iterator[Constat]:
        """Un contrat signé par la personne attendait encore le service le jour des faits, au-delà de son délai (R49)."""
        for contrat in self._contrats:
            if contrat.signe_le is None or contrat.signe_le > dernier:
                continue
            fin = contrat.valide_le or contrat.clos_le
            limite = _delai(contrat.signe_le, contrat.type.delai_validation)
            if limite is None or limite >= dernier or (fin is not None and fin <= max(limite, premier)):
                continue
            validation = f"validé le {contrat.valide_le:%d/%m/%Y}" if contrat.valide_le else "pas validé"
            yield Constat(
                CodeConstat.CONTRAT_EN_RETARD,
                f"Le contrat signé le {contrat.signe_le:%d/%m/%Y} devait être validé avant le {limite:%d/%m/%Y} : "
                f"au jour des faits il ne l'était pas encore ({validation}).",
                efface=efface,
            )

    def _signe_par_la_personne(self, premier: date) -> Iterator[Constat]:
        """On ne reproche pas de ne pas avoir conclu un contrat que la personne a signé et que le service retient."""
        signatures = (
            SignatureContrat.objects.filter(
                contrat__personne=self.manquement.personne_id, signataire=Signataire.PERSONNE, sans_effet_le=None,
                signee_le__lte=premier, contrat__etat__in=EtatContrat.en_preparation(),
            )
            .order_by("signee_le", "pk")
            .values_list("signee_le", flat=True)
        )  # fmt: skip
        for le in signatures:
            yield Constat(
                CodeConstat.CONTRAT_EN_RETARD,
                f"La personne a signé son contrat le {le:%d/%m/%Y} : c'est le service qui ne l'a pas encore validé.",
            )

    def _contrat_en_cause(self, premier: date, dernier: date) -> Iterator[Constat]:
        """On ne reproche pas un contrat qui n'était pas encore validé par le service."""
        contrat = self.manquement.contrat
        if contrat is None or contrat.valide_le is None or contrat.valide_le <= premier:
            return
        yield Constat(
            CodeConstat.CONTRAT_EN_RETARD,
            f"Le contrat en cause n'a été validé que le {contrat.valide_le:%d/%m/%Y}, après les faits du "
            f"{premier:%d/%m/%Y}.",
        )

    def _proposition(self, premier: date, *, efface: bool) -> Iterator[Constat]:
        """Le service a-t-il proposé un contrat, ou convoqué pour l'écrire, dans son délai depuis l'orientation (R48) ?"""
        decision = self._decision(premier)
        if decision is None:
            return
        recue = min((n.recue_le for n in decision.notifications.order_by("pk") if n.recue_le is not None), default=None)
        depart = recue or decision.decidee_le
        limite = _delai(depart, decision.type.delai_contrat)
        periodes = [c.periode for c in self._contrats if c.periode is not None and not c.periode.isempty]
        if any(p.lower <= premier and (p.upper is None or p.upper > premier) for p in periodes):
            return
        finies = [p for p in periodes if p.upper is not None and decision.decidee_le < p.upper <= premier]
        depuis = decision.decidee_le
        if finies:
            # Un contrat a couru depuis l'orientation : c'est son renouvellement qui manque.
            depuis, limite = max(p.lower for p in finies), None
        offres = self._offres(depuis, premier)
        if not offres and (limite is None or limite < premier):
            yield Constat(
                CodeConstat.CONTRAT_EN_RETARD,
                f"Depuis le {depuis:%d/%m/%Y}, le service n'a proposé aucun contrat ni convoqué pour l'écrire.",
                efface=efface,
            )
        elif offres and limite is not None and min(offres) > limite:
            yield Constat(
                CodeConstat.CONTRAT_EN_RETARD,
                f"Le contrat devait être proposé avant le {limite:%d/%m/%Y} (orientation du "
                f"{decision.decidee_le:%d/%m/%Y}) : il ne l'a été que le {min(offres):%d/%m/%Y}.",
                efface=efface,
            )

    def _offres(self, depuis: date, jusqu_au: date) -> list[date]:
        """Jours où le service a fait sa part : contrat proposé à la signature, ou convocation à venir l'écrire."""
        proposes = [
            c.propose_le
            for c in self._contrats
            if c.propose_le is not None and (c.periode is None or c.periode.upper is None or c.periode.upper > jusqu_au)
        ]
        convoques = RendezVous.objects.filter(
            personne=self.manquement.personne_id, objet=ObjetRendezVous.CONTRAT, convoque_le__isnull=False
        ).exclude(etat__in=ANNULES)
        dates = [timezone.localdate(r.debut) for r in convoques.order_by("debut", "pk")]
        return [jour for jour in (*proposes, *dates) if depuis <= jour <= jusqu_au]


def _le(mot_du_lieu: Libelle) -> str:
    """Le mot du département, avec son article."""
    article = "l'" if mot_du_lieu.elision else "la " if mot_du_lieu.genre == "f" else "le "
    return f"{article}{mot_du_lieu.singulier}"


def _annule(rendez_vous: RendezVous) -> Constat:
    comment = "annulé" if rendez_vous.etat == EtatRendezVous.ANNULE else "reporté"
    return Constat(
        CodeConstat.RENDEZ_VOUS_ANNULE,
        f"Le rendez-vous du {timezone.localdate(rendez_vous.debut):%d/%m/%Y} a été {comment} par le service.",
    )


def _revenue(document: Document) -> bool:
    """La lettre est revenue, et aucun message de même contenu n'est arrivé."""
    envois = list(Envoi.objects.filter(document=document, canal=Canal.COURRIER).order_by("pk"))
    return bool(envois) and all(envoi.perdu or envoi.etat == EtatEnvoi.ECHEC for envoi in envois)


def _delai(depart: date, code: str) -> date | None:
    """Dernier jour du délai ; aucun si le paramètre ne valait pas ce jour-là."""
    try:
        return ajouter_mois(depart, code)
    except ParametreAbsentError:
        return None


# --- Garder


@transaction.atomic
def poser_constats(manquement: Manquement) -> list[ConstatService]:
    """Enregistre ce que dit le dossier aujourd'hui, et si le service est en cause ; rend les lignes.

    Un tort reconnu par le service reste toujours ; un tort calculé suit le dossier. À appeler avant tout acte qui en
    dépend, la décision comprise.
    """
    constats = constater(manquement)
    with effets_complets():
        manquement.constats.exclude(code__in=[c.code for c in constats]).delete()
        lignes = [
            ConstatService.objects.update_or_create(
                manquement=manquement, code=c.code, defaults={"phrase": c.phrase, "efface": c.efface}
            )[0]
            for c in constats
        ]
        manquement.service_en_cause = any(c.efface for c in constats)
        manquement.save(update_fields=["service_en_cause"])
    return lignes


@transaction.atomic
def declarer_tort(manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, texte: str) -> Manquement:
    """Le service reconnaît un tort que le dossier ne montre pas ; aucune sanction n'est plus possible.

    Il ne se retire pas. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    exiger_un_des_droits(perimetre)
    texte = " ".join(texte.split())
    if not texte:
        raise JalonError("Dites en une phrase ce que le service n'a pas fait : elle sera lue par l'instance.")
    if len(texte) > PHRASE_MAXIMALE:
        raise JalonError(f"Cette phrase dépasse {PHRASE_MAXIMALE} caractères : dites l'essentiel.")
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "declarer_tort")
    if manquement.constats.filter(code=CodeConstat.DECLARE).exists():
        raise JalonError("Un tort est déjà reconnu : il suffit à empêcher toute sanction. Classez la procédure.")
    ConstatService.objects.create(manquement=manquement, code=CodeConstat.DECLARE, phrase=texte)
    manquement.reponse_service = texte
    manquement.save(update_fields=["reponse_service"])
    poser_constats(manquement)
    tracer_acte(
        manquement,
        "declarer_tort",
        acteur=acteur,
        perimetre=perimetre,
        resume="Tort reconnu par le service",
        motif=texte,
    )
    return manquement
