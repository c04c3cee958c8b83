"""Le périmètre d'un agent : ce que ses affectations du jour lui ouvrent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.utils import timezone

from jalon.agents.models import Affectation, Agent, Portee
from jalon.organismes.models import CategorieOrganisme, Territoire
from jalon.organismes.selectors import avec_descendants
from jalon.referentiels.profil.vocabulaire import DROITS_SUR_LES_PERSONNES, Droit
from jalon.socle.errors import DroitManquantError
from jalon.socle.rls import Reglages


@dataclass(frozen=True)
class Perimetre:
    """Territoires, organismes et droits ouverts à un agent à une date.

    Une affectation de portée départementale ouvre tout ; de portée territoriale, son territoire et ceux
    qui en dépendent (tous, si elle n'en nomme aucun) ; de portée organisme, les seules personnes que son
    organisme accompagne (F004, B1). Un rôle dont le seul droit sur les personnes est de siéger n'ouvre ni territoire ni
    organisme : il dit où l'on peut siéger (`sieges`), et l'ordre du jour seul ouvre un dossier.
    """

    agent: Agent | None
    tout: bool = False
    territoires: frozenset[int] = frozenset()
    organismes: frozenset[int] = frozenset()
    sieges: frozenset[int] = frozenset()
    droits: frozenset[str] = frozenset()
    voit_nir: bool = False
    voit_sante: bool = False
    affectations: tuple[Affectation, ...] = field(default=(), compare=False)

    @classmethod
    def vide(cls) -> Perimetre:
        return cls(agent=None)

    @classmethod
    def de(cls, agent: Agent, a_la_date: date | None = None) -> Perimetre:
        """Calcule le périmètre ; un agent désactivé ou sans affectation en cours ne voit rien.

        Un rôle qui n'ouvre aucun droit sur les personnes n'étend pas ce que les autres laissent voir : le représentant
        des usagers, département entier pour les chiffres, siège dans l'instance d'un territoire sans voir les autres.
        """
        if not agent.is_active:
            return cls(agent=agent)
        jour = a_la_date or timezone.localdate()
        affectations = tuple(
            Affectation.objects.filter(agent=agent, periode__contains=jour)
            .select_related("profil", "organisme__type", "territoire")
            .order_by("id")
        )
        sur_les_personnes = any(DROITS_SUR_LES_PERSONNES & set(a.profil.droits) for a in affectations)
        tout, territoires, organismes, droits = False, set[int](), set[int](), set[str]()
        sieges = set[int]()
        voit_nir = voit_sante = False
        for affectation in affectations:
            profil = affectation.profil
            droits.update(profil.droits)
            type_organisme = affectation.organisme.type
            voit_nir |= (
                profil.voit_nir
                and type_organisme.nir_visible
                and type_organisme.categorie not in CategorieOrganisme.sans_nir()
            )
            voit_sante |= profil.voit_sante
            if sur_les_personnes and not DROITS_SUR_LES_PERSONNES & set(profil.droits):
                continue
            if DROITS_SUR_LES_PERSONNES & set(profil.droits) == {Droit.SEANCES_SIEGER}:
                sieges |= _territoires_du_siege(affectation)
                continue
            organismes.add(affectation.organisme_id)
            if profil.portee == Portee.DEPARTEMENT or (
                profil.portee == Portee.TERRITOIRE and affectation.territoire_id is None
            ):
                tout = True
            elif profil.portee == Portee.TERRITOIRE and affectation.territoire_id is not None:
                territoires.add(affectation.territoire_id)
        return cls(
            agent=agent,
            tout=tout,
            territoires=avec_descendants(territoires),
            sieges=avec_descendants(sieges),
            organismes=frozenset(organismes),
            droits=frozenset(droits),
            voit_nir=voit_nir,
            voit_sante=voit_sante,
            affectations=affectations,
        )

    def peut(self, *droits: str) -> bool:
        return self.droits.issuperset(droits)

    def exiger(self, droit: str) -> None:
        """Lève `DroitManquantError` si aucune affectation n'ouvre ce droit."""
        if droit not in self.droits:
            raise DroitManquantError(
                "Votre rôle ne permet pas cet acte. Demandez à votre responsable qui peut le faire."
            )

    @property
    def organisme_principal(self) -> str:
        return self.affectations[0].organisme.libelle if self.affectations else ""

    def peut_sieger(self, territoire: int) -> bool:
        """L'agent peut être nommé membre d'une instance de ce territoire."""
        return self.tout or territoire in self.territoires | self.sieges

    def reglages(self) -> Reglages:
        return Reglages(
            agent=self.agent.pk if self.agent else None,
            tout=self.tout,
            territoires=self.territoires,
            organismes=self.organismes,
        )


def _territoires_du_siege(affectation: Affectation) -> set[int]:
    """Où une affectation qui ne fait que siéger permet d'être nommé."""
    if affectation.profil.portee == Portee.TERRITOIRE and affectation.territoire_id is not None:
        return {affectation.territoire_id}
    if affectation.profil.portee == Portee.ORGANISME:
        return set()
    return set(Territoire.objects.order_by("pk").values_list("pk", flat=True))
