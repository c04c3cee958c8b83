"""Une équipe pluridisciplinaire prête à servir : ses membres, des procédures à examiner, une séance dans l'état voulu."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.services import enregistrer_document
from jalon.instances.composition import nommer_membre
from jalon.instances.models import DossierSeance, Instance, MembreInstance, QualiteMembre, Seance
from jalon.instances.saisines import inscrire_saisines
from jalon.instances.seances import convoquer_membres, ouvrir_seance, planifier_seance
from jalon.manquements.models import Manquement
from tests.distribution import Distribution
from tests.manquements.fabriques import un_manquement

EXTERNES = ("pole_emploi", "caf", "representant")


class PlateauAvis:
    """L'instance `type` du premier territoire : un chef qui préside, un membre qui siège, des partenaires nommés."""

    def __init__(self, distribution: Distribution, type: str = "equipe_pluridisciplinaire") -> None:
        self.d, self.type = distribution, type

    @cached_property
    def instance(self) -> Instance:
        return Instance.objects.select_related("type", "territoire").get(
            territoire=self.d.territoire, type__code=self.type
        )

    @cached_property
    def presidente(self) -> Agent:
        return self.d.agent("Paule", "chef_territoire", territoire=self.d.territoire)

    @cached_property
    def membre(self) -> Agent:
        """Siège, sans aucun autre droit sur les dossiers."""
        return self.d.agent("Marc", "membre_equipe", territoire=self.d.territoire)

    @cached_property
    def autre_membre(self) -> Agent:
        """Même rôle, même territoire, nommé dans aucune instance."""
        return self.d.agent("Maud", "membre_equipe", territoire=self.d.territoire)

    @property
    def secretaire(self) -> Agent:
        return self.d.orienteur

    def qualite(self, code: str) -> QualiteMembre:
        return QualiteMembre.objects.get(type=self.instance.type, code=code)

    @cached_property
    def sieges(self) -> dict[str, MembreInstance]:
        commun: dict[str, Any] = {
            "acteur": self.d.siege, "perimetre": Perimetre.de(self.d.siege), "du": date(2020, 1, 1)
        }  # fmt: skip
        sieges = {
            "presidence": nommer_membre(
                self.instance, qualite=self.qualite("presidence"), agent=self.presidente, **commun
            ),
            "membre": nommer_membre(self.instance, qualite=self.qualite("partenaire"), agent=self.membre, **commun),
        }
        for code in EXTERNES:
            courriel = f"{code.replace('_', '-')}@partenaire.example" if code != "representant" else ""
            sieges[code] = nommer_membre(
                self.instance, qualite=self.qualite(code), nom_externe=f"Membre {code}", courriel_externe=courriel,
                **commun,
            )  # fmt: skip
        return sieges

    def procedure(self, **champs: Any) -> Manquement:
        """Procédure avertie, délai d'observations fini ; sa lettre s'ouvre."""
        procedure = un_manquement(self.d, etat="averti", **champs)
        assert procedure.avertissement is not None
        procedure.avertissement = enregistrer_document(
            b"%PDF", acteur=None, nature="avertissement", titre="Avertissement", personne=procedure.personne.public_id
        )
        procedure.save(update_fields=["avertissement"])
        return procedure

    def preparee(self, procedures: list[Manquement], jour: date | None = None, **saisines: Any) -> Seance:
        self.sieges  # noqa: B018 - nomme les membres
        qui: dict[str, Any] = {"acteur": self.secretaire, "perimetre": Perimetre.de(self.secretaire)}
        seance = planifier_seance(
            self.instance, **qui, jour=jour or timezone.localdate(), heure=time(9, 0), lieu="Salle des fêtes"
        )
        if procedures or saisines:
            inscrire_saisines(seance, **qui, manquements=[m.public_id for m in procedures], **saisines)
        return seance

    def convoquee(self, procedures: list[Manquement], **saisines: Any) -> Seance:
        """Convoquée dans les règles, puis avancée à aujourd'hui : une équipe pluridisciplinaire ne s'improvise pas."""
        seance = convoquer_membres(
            self.preparee(procedures, jour=timezone.localdate() + timedelta(days=40), **saisines),
            acteur=self.secretaire, perimetre=Perimetre.de(self.secretaire),
        )  # fmt: skip
        Seance.objects.filter(pk=seance.pk).update(date=timezone.localdate())
        seance.refresh_from_db()
        return seance

    def ouverte(
        self,
        procedures: list[Manquement],
        presents: tuple[str, ...] = ("presidence", "membre", "caf", "representant"),
        **saisines: Any,
    ) -> Seance:
        return ouvrir_seance(
            self.convoquee(procedures, **saisines), acteur=self.presidente, perimetre=Perimetre.de(self.presidente),
            president=self.sieges["presidence"], presents=[self.sieges[code].pk for code in presents],
        )  # fmt: skip

    def dossiers(self, seance: Seance) -> list[DossierSeance]:
        return list(seance.dossiers.select_related("seance__instance__type", "personne", "theme").order_by("rang"))
