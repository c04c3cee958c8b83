"""La forme de chaque fichier d'un profil. Tout est figé : un profil chargé ne change plus.

Chaque modèle ne juge que ce qu'il voit ; ce qui met deux entrées en rapport (parents, chevauchements,
communes) est jugé dans `controles.py`.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from .base import (
    Booleen,
    CodeDepartement,
    CodeEpci,
    CodeInsee,
    CodeInterne,
    Intitule,
    Modele,
    Slug,
    Texte,
    booleen_francais,
    inconnu,
)
from .campagnes import Campagnes
from .contrats import Contrats
from .courriers import Courriers
from .criteres import Criteres
from .erreurs import ParametreSansValeurError
from .grilles import Grilles
from .instances import Instances
from .instruction import Instruction
from .lexique import Lexique
from .orientations import Orientations
from .reunions import Reunions
from .vocabulaire import (
    CATEGORIES_SANS_NIR,
    DROITS_SUR_LES_PERSONNES,
    PARAMETRES_CONNUS,
    ROLES_SANS_PERSONNE,
    UNITES_ENTIERES,
    CategorieOrganisme,
    Droit,
    ObjetHabilitation,
    Portee,
    TypeTerritoire,
    Unite,
)

CONTRASTE_MINIMAL = 4.5


class OrganismePayeur(Modele):
    """Caisse qui verse l'allocation et envoie le flux mensuel (balises FONORG et NUMORG)."""

    fonorg: Literal["CAF", "MSA"]
    numorg: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{3}$")]
    libelle: Intitule
    contact: Texte | None = None


class Identite(Modele):
    """`profil.yaml` : qui est ce département.

    `regime` dit de quel vocabulaire il s'agit, à la lecture seulement : le code ne le teste jamais.
    """

    code: Slug
    nom: Intitule
    departements: Annotated[tuple[CodeDepartement, ...], Field(min_length=1)]
    regime: Literal["rsa", "rmi"]
    couleur_accent: str
    fuseau: str
    langue: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
    organismes_payeurs: Annotated[tuple[OrganismePayeur, ...], Field(min_length=1)]

    @field_validator("couleur_accent")
    @classmethod
    def _contraste_suffisant(cls, valeur: str) -> str:
        """RGAA 3.2 : 4,5 pour 1 sur fond blanc, sans quoi les liens et boutons seraient illisibles."""
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", valeur):
            raise ValueError(f"« {valeur} » n'est pas une couleur ; l'écrire #rrggbb")
        contraste = contraste_sur_blanc(valeur)
        if contraste < CONTRASTE_MINIMAL:
            raise ValueError(
                f"« {valeur} » n'a qu'un contraste de {contraste:.1f} sur blanc ; il en faut au moins "
                f"{CONTRASTE_MINIMAL} : choisir une couleur plus foncée".replace(".", ",")
            )
        return valeur.lower()

    @field_validator("fuseau")
    @classmethod
    def _fuseau_existant(cls, valeur: str) -> str:
        try:
            ZoneInfo(valeur)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError : « Europe » est un dossier
            raise ValueError(f"« {valeur} » n'est pas un fuseau horaire ; exemple : Europe/Paris") from None
        return valeur


def contraste_sur_blanc(couleur: str) -> float:
    """Rapport de contraste WCAG d'une couleur `#rrggbb` avec le blanc."""
    canaux = [int(couleur[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    rouge, vert, bleu = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in canaux)
    return 1.05 / (0.2126 * rouge + 0.7152 * vert + 0.0722 * bleu + 0.05)


class Libelle(Modele):
    """Le mot d'un département pour une notion du code, avec de quoi l'accorder dans une phrase."""

    singulier: Intitule
    pluriel: Intitule
    genre: Literal["m", "f"]
    court: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] | None = None
    definition: Texte
    elision: Booleen | None = None

    @property
    def elide(self) -> bool:
        """Vrai devant une voyelle (« l'orientation »). `elision` tranche pour un h ou un sigle."""
        if self.elision is not None:
            return self.elision
        return self.singulier[0].lower() in "aàâeéèêëiîïoôuùûœ"

    @property
    def defini(self) -> str:
        """« le contrat », « la file d'orientation », « l'orientation »."""
        if self.elide:
            return f"l'{self.singulier}"
        return f"{'le' if self.genre == 'm' else 'la'} {self.singulier}"

    @property
    def contracte(self) -> str:
        """« du contrat », « de la file d'orientation », « de l'orientation »."""
        if self.elide:
            return f"de l'{self.singulier}"
        return f"{'du' if self.genre == 'm' else 'de la'} {self.singulier}"

    @property
    def indefini(self) -> str:
        """« un contrat », « une orientation »."""
        return f"{'un' if self.genre == 'm' else 'une'} {self.singulier}"


class Territoire(Modele):
    """Un nœud de l'arbre des territoires (F001)."""

    code: Slug
    libelle: Intitule
    type: TypeTerritoire
    parent: str | None = None
    ordre: Annotated[int, Field(ge=0)]


class Composition(Modele):
    """Communes d'un territoire : des EPCI entiers, des communes en plus (`communes`) ou en moins (`sauf`)."""

    epci: tuple[CodeEpci, ...] = ()
    communes: tuple[CodeInsee, ...] = ()
    sauf: tuple[CodeInsee, ...] = ()

    @model_validator(mode="after")
    def _non_vide(self) -> Self:
        if not self.epci and not self.communes:
            raise ValueError("ce territoire n'a ni EPCI ni commune")
        return self


class ParametreDate(Modele):
    """Une valeur et la période `[du, au)` où elle vaut, avec le texte qui la fonde (F002)."""

    code: str
    libelle: Intitule
    unite: Unite
    valeur: Decimal | bool | str
    du: date
    au: date | None = None
    source: Texte

    @field_validator("code")
    @classmethod
    def _code_connu(cls, valeur: str) -> str:
        if valeur not in PARAMETRES_CONNUS:
            raise ValueError(inconnu(valeur, PARAMETRES_CONNUS))
        return valeur

    @field_validator("unite")
    @classmethod
    def _unite_attendue(cls, valeur: Unite, info: ValidationInfo) -> Unite:
        attendue = PARAMETRES_CONNUS.get(info.data.get("code", ""))
        if attendue is not None and valeur != attendue:
            raise ValueError(f"« {info.data['code']} » se compte en {attendue.value}, pas en {valeur.value}")
        return valeur

    @field_validator("valeur", mode="before")
    @classmethod
    def _valeur_selon_unite(cls, valeur: object, info: ValidationInfo) -> object:
        unite = info.data.get("unite")
        if unite is None or not isinstance(valeur, str):
            return valeur
        if unite is Unite.TEXTE:
            return valeur
        if unite is Unite.BOOLEEN:
            booleen = booleen_francais(valeur)
            if not isinstance(booleen, bool):
                raise ValueError(f"« {valeur} » n'est ni oui ni non")
            return booleen
        try:
            nombre = Decimal(valeur)
        except InvalidOperation:
            raise ValueError(f"« {valeur} » n'est pas un nombre ; écrire 454.63, sans unité") from None
        if not nombre.is_finite() or nombre < 0:
            raise ValueError(f"« {valeur} » doit être un nombre positif ou nul")
        if unite in UNITES_ENTIERES and nombre != nombre.to_integral_value():
            raise ValueError(f"« {valeur} » doit être un nombre entier de {unite.value}")
        if unite is Unite.POURCENT and nombre > 100:
            raise ValueError(f"« {valeur} » dépasse 100 %")
        return nombre

    @field_validator("au")
    @classmethod
    def _periode_a_l_endroit(cls, valeur: date | None, info: ValidationInfo) -> date | None:
        du = info.data.get("du")
        if valeur is not None and du is not None and valeur <= du:
            raise ValueError(
                f"la fin ({valeur:%d/%m/%Y}) doit suivre le début ({du:%d/%m/%Y}) ; elle n'est pas comprise"
            )
        return valeur

    def en_vigueur(self, a_la_date: date) -> bool:
        """Le jour de fin n'est plus dans la période."""
        return self.du <= a_la_date and (self.au is None or a_la_date < self.au)


class CompteDemonstration(Modele):
    """Agent fictif de la démonstration ; jamais le nom d'une personne réelle."""

    prenom: Intitule
    nom: Intitule
    courriel: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
    territoire: str | None = None
    organisme: str | None = None


class Role(Modele):
    """Profil d'habilitation (F004) : ce qu'une fonction peut faire, et jusqu'où."""

    code: CodeInterne
    libelle: Intitule
    description: Texte
    portee: Portee
    droits: tuple[Droit, ...]
    voit_nir: Booleen
    voit_sante: Booleen
    compte_demonstration: CompteDemonstration

    @field_validator("droits")
    @classmethod
    def _droits_permis(cls, valeur: tuple[Droit, ...], info: ValidationInfo) -> tuple[Droit, ...]:
        if len(set(valeur)) != len(valeur):
            raise ValueError("un même droit est donné deux fois")
        if info.data.get("code") in ROLES_SANS_PERSONNE:
            interdits = sorted(DROITS_SUR_LES_PERSONNES & set(valeur))
            if interdits:
                raise ValueError(f"ce rôle ne peut ouvrir aucun dossier de personne ; retirer {', '.join(interdits)}")
        return valeur

    @field_validator("voit_nir")
    @classmethod
    def _nir_coherent(cls, valeur: bool, info: ValidationInfo) -> bool:
        """Deux façons de dire la même chose doivent dire la même chose."""
        if "droits" in info.data and valeur != (Droit.NIR_CONSULTER in info.data["droits"]):
            raise ValueError(f"voit_nir et le droit {Droit.NIR_CONSULTER} se contredisent")
        return valeur

    @field_validator("voit_sante")
    @classmethod
    def _sante_coherente(cls, valeur: bool, info: ValidationInfo) -> bool:
        if valeur and "droits" in info.data and Droit.DOSSIER_CONSULTER not in info.data["droits"]:
            raise ValueError(f"voir la santé suppose le droit {Droit.DOSSIER_CONSULTER}")
        return valeur

    @field_validator("compte_demonstration")
    @classmethod
    def _perimetre_du_compte(cls, valeur: CompteDemonstration, info: ValidationInfo) -> CompteDemonstration:
        portee = info.data.get("portee")
        if portee is Portee.TERRITOIRE and valeur.territoire is None:
            raise ValueError("la portée est le territoire : donner le territoire de ce compte")
        if portee is Portee.ORGANISME and valeur.organisme is None:
            raise ValueError("la portée est l'organisme : donner l'organisme de ce compte")
        return valeur


class TypeOrganisme(Modele):
    """Type local d'organisme, rangé dans une famille que le code connaît."""

    code: CodeInterne
    libelle: Intitule
    categorie: CategorieOrganisme
    nir_visible: Booleen

    @field_validator("nir_visible")
    @classmethod
    def _nir_permis(cls, valeur: bool, info: ValidationInfo) -> bool:
        categorie = info.data.get("categorie")
        if valeur and categorie in CATEGORIES_SANS_NIR:
            raise ValueError(
                f"un organisme de catégorie {categorie} ne voit jamais le NIR (décret 2019-341) ; écrire non"
            )
        return valeur


class Habilitation(Modele):
    """Ce qu'un organisme est habilité à faire, et pendant quelle période."""

    objet: ObjetHabilitation
    du: date
    au: date | None = None

    @field_validator("au")
    @classmethod
    def _periode_a_l_endroit(cls, valeur: date | None, info: ValidationInfo) -> date | None:
        du = info.data.get("du")
        if valeur is not None and du is not None and valeur <= du:
            raise ValueError("la fin doit suivre le début ; elle n'est pas comprise")
        return valeur


class Organisme(Modele):
    """Structure du département : service, CCAS, association, caisse, opérateur…"""

    code: Slug
    type: str
    libelle: Intitule
    territoires: Annotated[tuple[str, ...], Field(min_length=1)]
    habilitations: tuple[Habilitation, ...] = ()
    service_instructeur_de: tuple[str, ...] = ()


class PoidsTerritoire(Modele):
    """Part d'un territoire dans la population de démonstration (un effectif, pas un pourcentage)."""

    territoire: str
    poids: Annotated[int, Field(gt=0)]
    source: Texte


class PartCaisse(Modele):
    """Part des dossiers de démonstration versés par une caisse, en pour cent."""

    fonorg: str
    numorg: str
    part: Annotated[int, Field(gt=0, le=100)]


class Demonstration(Modele):
    """`demonstration.yaml` : les proportions du département fictif de la démonstration."""

    territoires: tuple[PoidsTerritoire, ...]
    caisses: tuple[PartCaisse, ...]


class Profil(Modele):
    """Un département tout entier, comme données. Chargé par `charger_profil`, jamais construit à la main."""

    identite: Identite
    libelles: dict[str, Libelle]
    territoires: tuple[Territoire, ...]
    compositions: dict[str, Composition]
    parametres: tuple[ParametreDate, ...]
    roles: tuple[Role, ...]
    types_organismes: tuple[TypeOrganisme, ...]
    organismes: tuple[Organisme, ...]
    demonstration: Demonstration
    contrats: Contrats
    courriers: Courriers
    criteres: Criteres
    grilles: Grilles
    instances: Instances
    instruction: Instruction
    campagnes: Campagnes
    lexique: Lexique
    orientations: Orientations
    reunions: Reunions
    territoire_par_commune: dict[str, str] = Field(
        default_factory=dict, description="Vide tant que le référentiel des communes n'a pas été donné."
    )
    somme_de_controle: str

    @property
    def code(self) -> str:
        """Code du profil, égal au nom de son dossier."""
        return self.identite.code

    @property
    def nom(self) -> str:
        """Nom du département, tel qu'on l'écrit."""
        return self.identite.nom

    def empreinte(self) -> str:
        """Somme SHA-256 des fichiers : dit si un profil a changé depuis son chargement en base."""
        return self.somme_de_controle

    def libelle(self, cle: str) -> Libelle:
        """Le mot du département pour une clé de `LIBELLES_REQUIS` ; KeyError sinon."""
        return self.libelles[cle]

    def parametre(self, code: str, a_la_date: date) -> ParametreDate:
        """La valeur en vigueur à cette date, avec son unité et sa source (F002)."""
        for parametre in self._parametres_par_code.get(code, ()):
            if parametre.en_vigueur(a_la_date):
                return parametre
        if code not in PARAMETRES_CONNUS:
            raise ParametreSansValeurError(f"Le paramètre « {code} » n'existe pas.")
        raise ParametreSansValeurError(
            f"Le paramètre « {code} » n'a pas de valeur au {a_la_date:%d/%m/%Y} dans le profil {self.code}."
        )

    def nombre(self, code: str, a_la_date: date) -> Decimal:
        """Valeur numérique en vigueur ; TypeError si le paramètre n'est pas un nombre."""
        valeur = self.parametre(code, a_la_date).valeur
        if not isinstance(valeur, Decimal):
            raise TypeError(f"Le paramètre « {code} » n'est pas un nombre.")
        return valeur

    def territoire(self, code: str) -> Territoire:
        """Un territoire par son code ; KeyError s'il n'existe pas."""
        return self._territoires_par_code[code]

    def role(self, code: str) -> Role:
        """Un profil d'habilitation par son code ; KeyError s'il n'existe pas."""
        return {r.code: r for r in self.roles}[code]

    def organisme(self, code: str) -> Organisme:
        """Un organisme par son code ; KeyError s'il n'existe pas."""
        return {o.code: o for o in self.organismes}[code]

    @cached_property
    def racine(self) -> Territoire:
        """Le territoire qui est le département entier."""
        return next(t for t in self.territoires if t.parent is None)

    @cached_property
    def territoires_feuilles(self) -> tuple[Territoire, ...]:
        """Les territoires sans enfant, dans leur ordre : chaque commune est dans l'un d'eux et un seul."""
        parents = {t.parent for t in self.territoires}
        feuilles = [t for t in self.territoires if t.code not in parents]
        return tuple(sorted(feuilles, key=lambda t: (t.ordre, t.code)))

    def territoire_de_commune(self, code_insee: str) -> Territoire | None:
        """Territoire d'une commune **actuelle** ; None hors du département.

        Un code ancien passe d'abord par `ReferentielCommunes.resoudre`.
        """
        code = self.territoire_par_commune.get(code_insee)
        return self.territoire(code) if code is not None else None

    def service_instructeur(self, territoire: str) -> Organisme:
        """Service instructeur par défaut d'un territoire feuille ; KeyError s'il n'en est pas un."""
        return self._instructeur_par_territoire[territoire]

    @cached_property
    def _parametres_par_code(self) -> dict[str, list[ParametreDate]]:
        groupes: dict[str, list[ParametreDate]] = {}
        for parametre in self.parametres:
            groupes.setdefault(parametre.code, []).append(parametre)
        return groupes

    @cached_property
    def _territoires_par_code(self) -> dict[str, Territoire]:
        return {t.code: t for t in self.territoires}

    @cached_property
    def _instructeur_par_territoire(self) -> dict[str, Organisme]:
        return {t: o for o in self.organismes for t in o.service_instructeur_de}
