"""La distribution : des agents nommés, chacun avec une raison d'être dans un essai d'accès."""

from __future__ import annotations

from functools import cached_property

from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.services import affecter_agent, creer_agent
from jalon.organismes.models import CategorieOrganisme, Organisme, Territoire

MOT_DE_PASSE = "phrase-de-passe-d-essai"


class Distribution:
    """Agents créés à la première demande. Les territoires sont les deux premiers du profil chargé."""

    @cached_property
    def territoire(self) -> Territoire:
        return self._feuilles[0]

    @cached_property
    def autre_territoire(self) -> Territoire:
        return self._feuilles[1]

    @cached_property
    def _feuilles(self) -> list[Territoire]:
        parents = set(Territoire.objects.exclude(parent=None).order_by("id").values_list("parent_id", flat=True))
        return list(Territoire.objects.exclude(pk__in=parents).order_by("ordre", "id"))

    def organisme(self, *categories: str) -> Organisme:
        return Organisme.objects.filter(type__categorie__in=categories).order_by("id")[0]

    def agent(
        self, prenom: str, role: str, *, organisme: Organisme | None = None, territoire: Territoire | None = None
    ) -> Agent:
        agent = creer_agent(
            email=f"{prenom.lower()}.{role.replace('_', '-')}@jalon.example",
            nom=role.replace("_", " ").capitalize(), prenom=prenom, acteur=None, mot_de_passe=MOT_DE_PASSE,
        )  # fmt: skip
        profil = ProfilHabilitation.objects.get(code=role)
        affecter_agent(
            agent, acteur=None, profil=profil,
            organisme=organisme or self.organisme(CategorieOrganisme.DEPARTEMENT),
            territoire=territoire if profil.portee == "territoire" else None,
        )  # fmt: skip
        return agent

    @cached_property
    def administrateur(self) -> Agent:
        return self.agent("Ada", "administrateur")

    @cached_property
    def siege(self) -> Agent:
        """Voit tout le département."""
        return self.agent("Simone", "siege")

    @cached_property
    def orienteur(self) -> Agent:
        """Oriente sur `territoire`."""
        return self.agent("Omar", "orienteur", territoire=self.territoire)

    @cached_property
    def collegue(self) -> Agent:
        """Même rôle, même territoire que l'orienteur."""
        return self.agent("Colette", "orienteur", territoire=self.territoire)

    @cached_property
    def etrangere(self) -> Agent:
        """Même rôle, autre territoire : le seul fait qui change."""
        return self.agent("Estelle", "orienteur", territoire=self.autre_territoire)

    @cached_property
    def partenaire(self) -> Agent:
        """Référent dans un CCAS : ne voit que les personnes que ce CCAS accompagne."""
        return self.agent("Paul", "referent_solidarite", organisme=self.organisme(CategorieOrganisme.CCAS))

    @cached_property
    def operateur(self) -> Agent:
        """Opérateur d'action : même règle, et jamais de NIR."""
        categories = (CategorieOrganisme.OPERATEUR, CategorieOrganisme.SIAE, CategorieOrganisme.DELEGATAIRE)
        return self.agent("Olga", "operateur", organisme=self.organisme(*categories))

    @cached_property
    def lecteur(self) -> Agent:
        """Premier niveau : aucun accès aux dossiers."""
        return self.agent("Lucie", "lecteur")

    @cached_property
    def sans_affectation(self) -> Agent:
        return creer_agent(
            email="nadia@jalon.example", nom="Sans", prenom="Nadia", acteur=None, mot_de_passe=MOT_DE_PASSE
        )
