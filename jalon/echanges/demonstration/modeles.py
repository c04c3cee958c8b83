"""Les objets d'un foyer en cours de fabrication : modifiables, car le mois suivant les retouche.

Montants en centimes entiers : aucun arrondi flottant ne se glisse dans le fichier.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from .contexte import CommuneDemo

Detail = tuple[str, int, str]
"""Nature de ressource, montant mensuel en centimes, abattement ou neutralisation (« », A ou N)."""


@dataclass(slots=True)
class Activite:
    """Une période d'activité (liste ACT du flux)."""

    code: str
    debut: date
    fin: date | None = None
    regime: str = "GE"


@dataclass(slots=True)
class Personne:
    """Une personne du foyer, telle que la caisse la transmet."""

    role: str
    sexe: int
    nom: str
    nom_naissance: str
    prenom: str
    naissance: date
    lieu_naissance: str
    debut_rattachement: date
    nir: str
    nir_ecrit: str = ""
    prenom2: str = ""
    date_naissance_ecrite: str = ""
    qualite_naissance: str = "N"
    rang_naissance: int = 1
    civilite: str = ""
    fin_rattachement: date | None = None
    demande_precedente: str = ""
    a_charge: bool = True
    pole_emploi: str = ""
    ressources_nulles: bool | None = None
    mois: list[tuple[date, int | None, list[Detail]]] = field(default_factory=list)
    soumis: bool = False
    entrant: bool = False
    retenu: int = 0
    neutralise: int = 0
    activites: list[Activite] = field(default_factory=list)
    grossesse: tuple[date, date] | None = None
    asf: str = ""
    creance: str = ""
    benefice_agricole: int = 0
    avis_eti: date | None = None
    derogation: str = ""

    @property
    def adulte(self) -> bool:
        """Demandeur ou conjoint."""
        return self.role != "ENF"


@dataclass(slots=True)
class Adresse:
    """Une adresse en France ; `code_commune` se force pour fabriquer un défaut."""

    rang: int
    emmenagement: date
    numero: str
    voie: str
    nom_voie: str
    complement: str
    lieu_dit: str
    commune: CommuneDemo
    code_postal: str
    type_adresse: str = "D"
    code_commune: str = ""


@dataclass(slots=True)
class Montants:
    """Le calcul du droit, en centimes, tel que la caisse le restitue."""

    forfaitaire: int = 0
    pente: int = 0
    garanti: int = 0
    prestations_familiales: int = 0
    logement: int = 0
    ressources: int = 0
    cumul: int = 0
    total: int = 0
    socle: int = 0
    activite: int = 0


@dataclass(slots=True)
class Foyer:
    """Un foyer complet, prêt à écrire."""

    indice: int
    fonorg: str
    numorg: str
    matricule: str
    numero_demande: str
    date_demande: str
    composante: int
    majore: bool
    cumul: bool
    tranche_heures: int
    au_dessus_du_seuil: bool
    debut_socle: date
    debut_activite: date
    situation: str
    date_situation: date
    etat: str
    personnes: list[Personne] = field(default_factory=list)
    adresses: list[Adresse] = field(default_factory=list)
    demande_rmi: date | None = None
    cedant: tuple[str, str, str, date] | None = None
    prenant: tuple[str, str, date] | None = None
    refus: tuple[str, date] | None = None
    suspensions_droit: list[tuple[str, date, str]] = field(default_factory=list)
    suspensions_versement: list[tuple[str, date]] = field(default_factory=list)
    fin_droit: tuple[str, date] | None = None
    fin_droit_anterieur: tuple[str, date] | None = None
    sans_domicile: bool = False
    origine: str = "DEM"
    montants: Montants = field(default_factory=Montants)
    condition: tuple[str, str, date] | None = None
    reduction: tuple[int, date] | None = None
    controle: date | None = None

    @property
    def demandeur(self) -> Personne:
        """Toujours la première personne."""
        return self.personnes[0]

    @property
    def conjoint(self) -> Personne | None:
        """La personne de rôle CJT encore rattachée."""
        return next((p for p in self.personnes if p.role == "CJT" and p.fin_rattachement is None), None)

    @property
    def enfants(self) -> list[Personne]:
        """Les enfants du foyer."""
        return [p for p in self.personnes if p.role == "ENF"]

    @property
    def calculable(self) -> bool:
        """La caisse ne restitue un montant que pour un droit ouvert dont le montant se calcule."""
        return self.etat in "23"
