"""Étiquettes et filtres de gabarit de Jalon, chargés partout."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateRange
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from jalon.droits.models import EtatDossier
from jalon.personnes.identite import age_revolu
from jalon.personnes.models import EtatCivil, Sexe
from jalon.referentiels import nomenclatures, parametres
from jalon.socle.textes import nom_propre
from jalon.traces.models import Lecture
from jalon.web.socle.contexte import departement
from jalon.web.socle.menu import Porte, url_ou_rien
from jalon.web.socle.menu import menu as composer_menu

register = template.Library()

ESPACE_FINE = "\u202f"
MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
MOIS_COURTS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
DEGRES = {"vert", "bleu", "ambre", "rouge", "gris"}


# --- Icônes, menu, adresses


@lru_cache(maxsize=512)
def _dessin(nom: str) -> str:
    """Traits d'une icône de Tabler ; l'enveloppe est la nôtre, pour qu'elle soit muette à la lecture d'écran."""
    fichier = settings.NODE_MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{nom}.svg"
    try:
        source = fichier.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise template.TemplateSyntaxError(f"Aucune icône Tabler ne s'appelle « {nom} ».") from None
    return "".join(re.findall(r"<(?!svg|/svg)[^>]+>", source)).replace("\n", "")


@register.simple_tag
def icone(nom: str, classe: str = "") -> SafeString:
    """Icône Tabler, dessinée dans la page ; toujours accompagnée d'un texte."""
    return format_html(
        '<svg class="icone {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        classe, mark_safe(_dessin(nom)),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[tuple[str, list[Porte]]]:
    """Menu de l'agent : `{% menu as moments %}`."""
    return composer_menu(context["request"])


@register.simple_tag
def url_connue(nom: str) -> str:
    """Adresse d'un écran sans argument, vide s'il n'existe pas : `{% url_connue "sessions" as adresse %}`."""
    return url_ou_rien(nom)


@register.simple_tag
def nom_departement() -> str:
    profil = departement()
    return profil.nom if profil else ""


@register.simple_tag
def version_theme() -> str:
    """Change avec le profil, pour que la feuille de couleur gardée par le navigateur soit relue."""
    profil = departement()
    return profil.empreinte[:8] if profil else "0"


# --- Mots du département


@register.simple_tag
def mot(cle: str, forme: str = "singulier") -> str:
    """Mot du métier : `{% mot "contrat" %}`, `"pluriel"` ou `"court"` (le singulier s'il n'y a pas de forme courte)."""
    libelle = parametres.mot(cle)
    if forme == "pluriel":
        return libelle.pluriel
    return (libelle.court or libelle.singulier) if forme == "court" else libelle.singulier


@register.simple_tag
def mot_defini(cle: str, forme: str = "singulier") -> str:
    """Avec son article : « le contrat », « l'orientation », « les foyers »."""
    libelle = parametres.mot(cle)
    if forme == "pluriel":
        return f"les {libelle.pluriel}"
    nom = mot(cle, forme)
    if libelle.elision:
        return f"l’{nom}"
    return f"la {nom}" if libelle.genre == "f" else f"le {nom}"


@register.simple_tag
def mot_contracte(cle: str, preposition: str = "de", forme: str = "singulier") -> str:
    """Contracté avec « de » ou « à » : « du contrat », « de l'orientation », « aux foyers »."""
    libelle, nom = parametres.mot(cle), mot(cle, forme)
    a = preposition == "à"
    if forme == "pluriel":
        return f"{'aux' if a else 'des'} {nom}"
    if libelle.elision:
        return f"{preposition} l’{nom}"
    if libelle.genre == "f":
        return f"{preposition} la {nom}"
    return f"{'au' if a else 'du'} {nom}"


@register.simple_tag
def mot_un(cle: str) -> str:
    """Avec l'article indéfini : « un contrat », « une orientation »."""
    libelle = parametres.mot(cle)
    return f"{'une' if libelle.genre == 'f' else 'un'} {libelle.singulier}"


@register.simple_tag
def mot_explique(cle: str, forme: str = "singulier") -> SafeString:
    """Le mot et sa définition au survol."""
    libelle = parametres.mot(cle)
    if not libelle.definition:
        return format_html("{}", mot(cle, forme))
    return format_html('<abbr class="mot" title="{}">{}</abbr>', libelle.definition, mot(cle, forme))


# --- Droits


class NoeudDroit(template.Node):
    def __init__(self, droits: list[FilterExpression], alors: NodeList, sinon: NodeList) -> None:
        self.droits, self.alors, self.sinon = droits, alors, sinon

    def render(self, context: template.Context) -> str:
        ouverts = context["perimetre"].peut(*(droit.resolve(context) for droit in self.droits))
        return (self.alors if ouverts else self.sinon).render(context)


@register.tag
def si_droit(parser: Parser, token: Token) -> NoeudDroit:
    """`{% si_droit "flux.importer" %}…{% sinon %}…{% fin_si_droit %}` : tous les droits nommés sont exigés."""
    _, *noms = token.split_contents()
    if not noms:
        raise template.TemplateSyntaxError("« si_droit » attend au moins un droit.")
    droits = [parser.compile_filter(nom) for nom in noms]
    alors = parser.parse(("sinon", "fin_si_droit"))
    sinon = NodeList()
    if parser.next_token().contents == "sinon":
        sinon = parser.parse(("fin_si_droit",))
        parser.delete_first_token()
    return NoeudDroit(droits, alors, sinon)


# --- Dates et nombres


def _jour(valeur: date | datetime) -> date:
    if isinstance(valeur, datetime):
        return timezone.localtime(valeur).date() if timezone.is_aware(valeur) else valeur.date()
    return valeur


@register.filter
def date_courte(valeur: date | datetime | None) -> str:
    """« 3 nov. 2026 » ; vide sans date."""
    if valeur is None:
        return ""
    jour = _jour(valeur)
    return f"{_quantieme(jour)} {MOIS_COURTS[jour.month - 1]} {jour.year}"


@register.filter
def date_longue(valeur: date | datetime | None) -> str:
    """« 3 novembre 2026 » ; vide sans date."""
    if valeur is None:
        return ""
    jour = _jour(valeur)
    return f"{_quantieme(jour)} {MOIS[jour.month - 1]} {jour.year}"


@register.filter
def jour_mois(valeur: date | datetime | None) -> str:
    """« 3 nov. » cette année, « 3 nov. 2025 » sinon."""
    if valeur is None:
        return ""
    jour = _jour(valeur)
    if jour.year != timezone.localdate().year:
        return date_courte(jour)
    return f"{_quantieme(jour)} {MOIS_COURTS[jour.month - 1]}"


@register.filter
def mois_annee(valeur: date | datetime | None) -> str:
    """« novembre 2026 »."""
    if valeur is None:
        return ""
    jour = _jour(valeur)
    return f"{MOIS[jour.month - 1]} {jour.year}"


@register.filter
def date_heure(valeur: datetime | None) -> str:
    """« 3 nov. 2026 à 9 h 05 »."""
    if valeur is None:
        return ""
    local = timezone.localtime(valeur) if timezone.is_aware(valeur) else valeur
    return f"{date_courte(local)} à {local.hour} h {local.minute:02d}"


@register.filter
def heure(valeur: datetime | None) -> str:
    """« 9 h 05 »."""
    if valeur is None:
        return ""
    local = timezone.localtime(valeur) if timezone.is_aware(valeur) else valeur
    return f"{local.hour} h {local.minute:02d}"


def _quantieme(jour: date) -> str:
    return "1er" if jour.day == 1 else str(jour.day)


@register.filter
def nombre(valeur: int | float | Decimal | None, decimales: int = 0) -> str:
    """Groupes de trois chiffres séparés d'une espace fine, virgule décimale."""
    if valeur is None:
        return ""
    return f"{valeur:,.{decimales}f}".replace(",", ESPACE_FINE).replace(".", ",")


@register.filter
def euros(valeur: int | float | Decimal | None) -> str:
    """« 1 234,56 € »."""
    return "" if valeur is None else f"{nombre(valeur, 2)}\u00a0€"


@register.filter
def pourcent(valeur: int | float | Decimal | None, decimales: int = 0) -> str:
    """Part de 100 déjà multipliée : 65 → « 65 % »."""
    return "" if valeur is None else f"{nombre(valeur, decimales)}{ESPACE_FINE}%"


@register.filter
def jours(valeur: int | None) -> str:
    """« 1 jour », « 12 jours »."""
    return "" if valeur is None else f"{nombre(valeur)}\u00a0jour{'s' if abs(valeur) > 1 else ''}"


@register.filter
def accorde(valeur: int | None, formes: str) -> str:
    """`{{ n|accorde:"personne,personnes" }}` → « 1 personne », « 12 personnes »."""
    singulier, pluriel = formes.split(",", 1)
    return f"{nombre(valeur or 0)} {pluriel if abs(valeur or 0) > 1 else singulier}"


# --- Personnes


@register.filter
def nom_affiche(personne: EtatCivil | None) -> str:
    """« Élodie Lefèvre »."""
    return f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}" if personne is not None else ""


@register.filter
def propre(texte: str) -> str:
    """Nom reçu en capitales, écrit comme dans une lettre."""
    return nom_propre(texte)


@register.filter
def ne_le(personne: EtatCivil) -> str:
    """« née le 12 avril 1985 », ou ce que l'on sait de la date."""
    accord = "née" if personne.sexe == Sexe.FEMME else "né" if personne.sexe == Sexe.HOMME else "né(e)"
    if personne.qualite_date_naissance == "O":
        return f"{accord} en {personne.date_naissance.year}"
    if personne.qualite_date_naissance == "J":
        return f"{accord} en {mois_annee(personne.date_naissance)}"
    return f"{accord} le {date_longue(personne.date_naissance)}"


@register.filter
def age(personne_ou_date: EtatCivil | date) -> str:
    """« 41 ans » à ce jour."""
    naissance = personne_ou_date if isinstance(personne_ou_date, date) else personne_ou_date.date_naissance
    ans = age_revolu(naissance, timezone.localdate())
    return f"{ans} an{'s' if ans > 1 else ''}"


@register.filter
def genre(personne: EtatCivil, formes: str) -> str:
    """`{{ personne|genre:"orientée,orienté" }}` : féminin, puis masculin."""
    feminin, masculin = formes.split(",", 1)
    return masculin if personne.sexe == Sexe.HOMME else feminin


@register.filter
def code(valeur: str, liste: str) -> str:
    """Libellé d'un code reçu (`{{ s.motif|code:"MOTISUSDRORSA" }}`) ; le code lui-même s'il est inconnu."""
    return nomenclatures.libelle(liste, valeur) or (f"code {valeur}" if valeur else "non renseigné")


# --- Pastilles et délais

DROITS: dict[str, tuple[str, str]] = {
    EtatDossier.OUVERT: ("vert", "circle-check"),
    EtatDossier.SUSPENDU: ("ambre", "player-pause"),
    EtatDossier.VERSEMENT_SUSPENDU: ("ambre", "player-pause"),
    EtatDossier.NOUVELLE_DEMANDE: ("bleu", "hourglass"),
    EtatDossier.REFUSE: ("rouge", "circle-x"),
    EtatDossier.CLOS: ("gris", "lock"),
    EtatDossier.CLOS_ANTERIEUR: ("gris", "lock"),
}


@register.inclusion_tag("composants/pastille.html")
def pastille_droit(etat: str) -> dict[str, Any]:
    """État du droit reçu de la caisse, en pastille."""
    ton, dessin = DROITS.get(etat, ("gris", "help-circle"))
    texte = EtatDossier(etat).label if etat in EtatDossier.values else "État du droit inconnu"
    return {"ton": ton, "icone": dessin, "texte": texte}


@register.inclusion_tag("composants/pastille.html")
def pastille(texte: str, ton: str = "gris", icone: str = "") -> dict[str, Any]:
    """`{% pastille "Nouvel entrant" ton="bleu" icone="user-plus" %}`."""
    if ton not in DEGRES:
        raise template.TemplateSyntaxError(f"« {ton} » n'est pas un ton : {', '.join(sorted(DEGRES))}.")
    return {"ton": ton, "icone": icone, "texte": texte}


@register.simple_tag(takes_context=True)
def ton_delai(context: template.Context, jours_passes: int, total: int) -> str:
    """Rouge au-delà du délai (ou si `retard` le dit), ambre dans son dernier tiers, bleu avant."""
    if context.get("retard") or jours_passes > total:
        return "rouge"
    return "ambre" if jours_passes * 3 >= total * 2 else "bleu"


@register.simple_tag
def borne(valeur: int, maximum: int) -> int:
    """Valeur ramenée entre 0 et le maximum, pour une barre."""
    return max(0, min(valeur, maximum))


@register.simple_tag(takes_context=True)
def avec_page(context: template.Context, numero: int, nom: str = "page") -> str:
    """Chaîne de requête de la page voisine : les filtres en place sont gardés."""
    parametres_url = context["request"].GET.copy()
    parametres_url[nom] = str(numero)
    return f"?{parametres_url.urlencode()}"


@register.simple_tag
def jours_entre(debut: date, fin: date) -> int:
    """Jours passés du premier au second."""
    return (fin - debut).days


@register.filter
def periode(valeur: DateRange) -> str:
    """« depuis le 30 sept. 2026 », « du 31 août au 30 sept. 2026 », dernier jour compris, « le 31 août 2026 ».

    Une période vide fut corrigée le jour même.
    """
    if valeur.isempty:
        return "corrigé le jour même"
    if valeur.upper is None:
        return f"depuis le {date_courte(valeur.lower)}"
    dernier = dernier_jour(valeur)
    if dernier == valeur.lower:
        return f"le {date_courte(dernier)}"
    return f"du {date_courte(valeur.lower)} au {date_courte(dernier)}"


@register.filter
def dernier_jour(valeur: DateRange) -> date | None:
    """Dernier jour d'une période, compris ; rien si elle n'a pas de fin."""
    return valeur.upper - timedelta(days=1) if valeur.upper is not None else None


@register.filter
def role_court(texte: str) -> str:
    """« Conjoint du demandeur » → « Conjoint » ; « Demandeur du RSA » → « Demandeur »."""
    return texte.split(" du ")[0]


RANGS_ADRESSE = {1: "Adresse actuelle", 2: "Adresse précédente", 3: "Adresse d’avant"}


@register.filter
def rang_adresse(rang: int) -> str:
    return RANGS_ADRESSE.get(rang, f"Adresse de rang {rang}")


@register.filter
def adresse(lue: Any) -> str:
    """Adresse postale, une ligne par ligne."""
    voie = " ".join(filter(None, (lue.numero, nom_propre(lue.type_voie).lower(), nom_propre(lue.voie))))
    commune = " ".join(filter(None, (lue.code_postal, nom_propre(lue.nom_commune))))
    lignes = (lue.complement_identite, lue.complement, voie, lue.lieu_dit, commune, lue.lignes_etranger)
    return "\n".join(filter(None, lignes))


@register.filter
def nature_lecture(nature: str) -> str:
    return str(Lecture.Nature(nature).label)


@register.filter
def nature_droit(valeur: str) -> str:
    """« RSA Socle majoré » : le libellé de la caisse sans sa parenthèse de financement."""
    return code(valeur, "NATPF").partition(" (")[0]
