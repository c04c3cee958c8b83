"""La page où le contrat s'écrit avec la personne : ce que l'on sait à gauche, le contrat à droite (D01-D05, R47, R58)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from jalon.contrats import liens, objectifs, redaction
from jalon.contrats.appuis import Proposition, fiche_preparatoire, propositions
from jalon.contrats.enums import EtatContrat, EtatObjectif, TypeChamp
from jalon.contrats.models import ChampContrat, Contrat, Etape, Moyen, Objectif
from jalon.contrats.objectifs import ElementDepasseError
from jalon.contrats.services import acceder_contrat
from jalon.diagnostics.selectors import evaluation_precedente
from jalon.documents.models import Canal
from jalon.personnes.selectors import coordonnees_de
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.contrats.forms import ElementForm, EtatForm, ObjectifForm
from jalon.web.contrats.saisie import (
    Auteur,
    Page,
    composer_page,
    enregistrer_page,
    enregistrer_rubrique,
    lire_numero,
)
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import accorde


def ouvrir(request: HttpRequest, public_id: UUID, *, droit: str, ecran: str) -> Contrat:
    """Le contrat, par le périmètre ; l'ouverture du dossier est notée."""
    contrat = acceder_contrat(request.perimetre, public_id, droit=droit)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=contrat.personne.public_id, ecran=ecran,
    )  # fmt: skip
    return contrat


def page(request: HttpRequest, gabarit: str, contexte: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Une page qui montre une personne ne se garde pas dans le navigateur."""
    reponse = render(request, f"contrats/{gabarit}.html", contexte, status=status)
    reponse["Cache-Control"] = "no-store"
    return reponse


@exige("contrat.rediger")
@require_http_methods(["GET", "HEAD", "POST"])
def ecrire(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Écrire le contrat. Sans script, un bouton garde toute la page ; une reprise d'un texte connu la garde aussi."""
    ouvert = ouvrir(request, contrat, droit="contrat.rediger", ecran="écriture d’un contrat")
    if ouvert.etat not in EtatContrat.ecrits() or ouvert.version_id is None:
        messages.warning(
            request, "Le texte de ce contrat ne change plus. Pour le reprendre, servez-vous des boutons de cette page."
        )
        return redirect("contrat", contrat=ouvert.public_id)
    composee, offertes, aide = _composer(request, ouvert)
    if request.method != "POST":
        return _page_ecriture(request, ouvert, composee, aide)
    auteur = Auteur(agent=request.user, perimetre=request.perimetre)
    try:
        enregistrer_page(ouvert, composee, request.POST, auteur)
        reprise = _reprendre(request, ouvert, composee, offertes, auteur)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return _page_ecriture(request, ouvert, composee, aide, status=409)
    refusees = composee.refusees
    if refusees:
        a_revoir = accorde(len(refusees), "rubrique à revoir,rubriques à revoir")
        messages.warning(request, f"{a_revoir} : vos deux textes sont gardés plus bas. Le reste est enregistré.")
        return _page_ecriture(request, ouvert, composee, aide, status=409 if any(c.ecart for c in refusees) else 422)
    if reprise is None:
        messages.success(request, "C’est enregistré. Vous pouvez quitter la page et y revenir.")
    ancre = f"#rubrique-{reprise}" if reprise else ""
    return redirect(f"{reverse('contrat_ecrire', args=[ouvert.public_id])}{ancre}")


def _composer(request: HttpRequest, contrat: Contrat) -> tuple[Page, dict[str, list[Proposition]], dict[str, Any]]:
    sections = redaction.champs_de(contrat)
    fiche, reponses = fiche_preparatoire(contrat, voit_sante=request.perimetre.voit_sante)
    offertes = propositions(contrat, sections, fiche, reponses)
    aide = {"fiche": fiche, "reponses": reponses, "evaluation": evaluation_precedente(contrat.personne)}
    return composer_page(sections, offertes), offertes, aide


def _reprendre(
    request: HttpRequest, contrat: Contrat, composee: Page, offertes: dict[str, list[Proposition]], auteur: Auteur
) -> str | None:
    """Met un texte connu dans sa rubrique, à la suite de ce qui y est ; rend le code de la rubrique."""
    code, _, cle = request.POST.get("reprendre", "").partition(" ")
    case = next((c for c in composee.cases if c.champ.code == code), None)
    offerte = next((o for o in offertes.get(code, []) if o.cle == cle), None)
    if case is None or offerte is None or case.ecart is not None or case.erreur:
        return None
    saisie = offerte.attribuee(case.champ.type)
    if case.rubrique.valeur is not None:
        saisie = redaction.reunir(case.champ, redaction.saisie_de(case.rubrique.valeur), saisie)
    # Ajouter à la suite garde les mots de la personne : elle les retrouve entiers.
    garde = case.champ.type in (TypeChamp.TEXTE, TypeChamp.TEXTE_COURT)
    auteur.ecrire(contrat, case.champ, saisie, case.numero, mots=False, malgre=garde)
    return code


def _page_ecriture(
    request: HttpRequest,
    contrat: Contrat,
    composee: Page,
    aide: dict[str, Any],
    *,
    refuse: tuple[str, Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    themes = objectifs.themes_proposes()
    contexte = {
        "contrat": contrat,
        "personne": contrat.personne,
        "page": composee,
        "plan": plan_en_formulaires(contrat, themes, refuse),
        "nouvel_objectif": _formulaire(refuse, "objectif", lambda: ObjectifForm(themes=themes, auto_id="nouveau_%s")),
        "etats": EtatObjectif.choices,
        "manques": redaction.manques(contrat),
        "lien": liens.lien_du_contrat(contrat),
        **aide,
    }
    return page(request, "ecrire", contexte, status=status)


def _formulaire(refuse: tuple[str, Form] | None, cle: str, neuf: Callable[[], Form]) -> Form:
    return refuse[1] if refuse is not None and refuse[0] == cle else neuf()


def plan_en_formulaires(
    contrat: Contrat, themes: list[Any], refuse: tuple[str, Form] | None = None
) -> list[dict[str, Any]]:
    """Objectifs, étapes et moyens, chacun avec son formulaire ; celui qui fut refusé garde ce qui y était écrit."""

    def element(lu: Etape | Moyen) -> Form:
        return _formulaire(
            refuse, str(lu.public_id),
            lambda: ElementForm(element=lu, moyen=isinstance(lu, Moyen), auto_id=f"e{lu.public_id}_%s"),
        )  # fmt: skip

    def ajout(parent: Objectif | Etape) -> Form:
        return _formulaire(
            refuse, f"dans {parent.public_id}",
            lambda: ElementForm(moyen=isinstance(parent, Etape), auto_id=f"a{parent.public_id}_%s"),
        )  # fmt: skip

    return [
        {
            "objectif": lu,
            "form": _formulaire(
                refuse, str(lu.public_id),
                lambda lu=lu: ObjectifForm(objectif=lu, themes=themes, auto_id=f"o{lu.public_id}_%s"),  # type: ignore[misc]
            ),
            "ajout": ajout(lu),
            "ouvert": refuse is not None and refuse[0] in (str(lu.public_id), f"dans {lu.public_id}"),
            "etapes": [
                {
                    "etape": etape,
                    "form": element(etape),
                    "ajout": ajout(etape),
                    "moyens": [{"moyen": moyen, "form": element(moyen)} for moyen in etape.moyens.all()],
                }
                for etape in lu.etapes.all()
            ],
        }
        for lu in objectifs.plan(contrat)
    ]  # fmt: skip


@exige("contrat.rediger")
@require_POST
def rubrique(request: HttpRequest, contrat: UUID, code: str) -> JsonResponse:
    """Garde une rubrique pendant la frappe."""
    ouvert = acceder_contrat(request.perimetre, contrat, droit="contrat.rediger")
    champ = champ_du_contrat(ouvert, code)
    return enregistrer_rubrique(request, ouvert, champ, Auteur(agent=request.user, perimetre=request.perimetre))


def champ_du_contrat(contrat: Contrat, code: str) -> ChampContrat:
    champ = (
        ChampContrat.objects.filter(section__version_id=contrat.version_id, code=code)
        .select_related("section")
        .prefetch_related("choix")
        .first()
    )
    if champ is None:
        raise HorsPerimetreError("Cette rubrique n’est pas dans ce contrat : rechargez la page.")
    return champ


# --- Le plan


@exige("contrat.rediger")
@require_POST
def plan(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Ajoute, change, ordonne, avance ou retire un objectif, une étape, un moyen ; un refus garde ce qui était écrit."""
    ouvert = acceder_contrat(request.perimetre, contrat, droit="contrat.rediger")
    acte = request.POST.get("acte", "")
    cible = _cible(ouvert, request.POST.get("objet", ""))
    if acte in ("ajouter", "modifier"):
        cle, formulaire = _formulaire_recu(request, acte, cible)
        if not formulaire.is_valid():
            return _refuser(request, ouvert, cle, formulaire, "Une case est à revoir : elle est marquée plus bas.", 422)
        try:
            with transaction.atomic():
                ecrit = _ecrire_element(request, ouvert, acte, cible, formulaire)
        except ElementDepasseError as refus:
            formulaire.numero = refus.actuel.numero  # type: ignore[attr-defined]
            formulaire.actuel = refus.actuel  # type: ignore[attr-defined]
            return _refuser(request, ouvert, cle, formulaire, str(refus), 409)
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            return _refuser(request, ouvert, cle, formulaire, str(refus), 409)
        return _retour(request, ouvert, ecrit)
    if cible is None:
        raise HorsPerimetreError("Cet élément n’est plus dans ce contrat : rechargez la page.")
    parent = None if acte == "retirer" else cible
    tenter(request, lambda: _agir(request, acte, cible))
    return _retour(request, ouvert, parent or (None if isinstance(cible, Objectif) else objectifs.objectif_de(cible)))


def _cible(contrat: Contrat, brut: str) -> Objectif | Etape | Moyen | None:
    """L'élément nommé, s'il est de ce contrat. Lève `HorsPerimetreError` s'il n'y est plus."""
    if not brut:
        return None
    try:
        cle = UUID(brut)
    except ValueError:
        cle = None
    for liste in (
        Objectif.objects.filter(contrat=contrat).select_related("contrat__personne"),
        Etape.objects.filter(objectif__contrat=contrat).select_related("objectif__contrat__personne"),
        Moyen.objects.filter(etape__objectif__contrat=contrat).select_related("etape__objectif__contrat__personne"),
    ):
        trouve = liste.filter(public_id=cle).first() if cle is not None else None
        if trouve is not None:
            return trouve  # type: ignore[return-value]
    raise HorsPerimetreError("Cet élément n’est plus dans ce contrat : quelqu’un l’a retiré. Rechargez la page.")


def _formulaire_recu(request: HttpRequest, acte: str, cible: Objectif | Etape | Moyen | None) -> tuple[str, Form]:
    if acte == "ajouter" and cible is None:
        return "objectif", ObjectifForm(request.POST, themes=objectifs.themes_proposes(), auto_id="nouveau_%s")
    if isinstance(cible, Objectif) and acte == "modifier":
        cle = str(cible.public_id)
        return cle, ObjectifForm(
            request.POST, themes=objectifs.themes_proposes(), objectif=cible, auto_id=f"o{cible.public_id}_%s"
        )
    if cible is None or (acte == "ajouter" and isinstance(cible, Moyen)):
        raise HorsPerimetreError("Cet élément n’est plus dans ce contrat : rechargez la page.")
    if acte == "ajouter":
        return f"dans {cible.public_id}", ElementForm(
            request.POST, moyen=isinstance(cible, Etape), auto_id=f"a{cible.public_id}_%s"
        )
    return str(cible.public_id), ElementForm(
        request.POST, moyen=isinstance(cible, Moyen), auto_id=f"e{cible.public_id}_%s"
    )


def _ecrire_element(
    request: HttpRequest, contrat: Contrat, acte: str, cible: Objectif | Etape | Moyen | None, formulaire: Form
) -> Objectif | Etape | Moyen:
    lus, qui = formulaire.cleaned_data, {"acteur": request.user, "perimetre": request.perimetre}
    if acte == "ajouter":
        if cible is None:
            return objectifs.ajouter_objectif(contrat, **lus, **qui)
        if isinstance(cible, Objectif):
            return objectifs.ajouter_etape(cible, **lus, **qui)
        assert isinstance(cible, Etape)
        return objectifs.ajouter_moyen(cible, **lus, **qui)
    qui["numero_lu"] = lire_numero(request.POST.get("numero"))
    if isinstance(cible, Objectif):
        return objectifs.modifier_objectif(cible, **lus, **qui)
    if isinstance(cible, Etape):
        return objectifs.modifier_etape(cible, **lus, **qui)
    assert cible is not None
    return objectifs.modifier_moyen(cible, **lus, **qui)


def _agir(request: HttpRequest, acte: str, cible: Objectif | Etape | Moyen) -> str:
    qui = {"acteur": request.user, "perimetre": request.perimetre}
    if acte in ("monter", "descendre"):
        objectifs.deplacer(cible, vers_le_haut=acte == "monter", **qui)
        return "L’ordre est changé."
    if acte == "retirer":
        objectifs.retirer(cible, **qui)
        return f"« {cible.intitule} » est retiré."
    formulaire = EtatForm(request.POST)
    if acte != "etat" or not formulaire.is_valid():
        raise JalonError("Cette demande ne se lit pas : rechargez la page.")
    lus = formulaire.cleaned_data
    change = objectifs.changer_etat(cible, etat=lus["etat"], le=lus["le"], **qui)
    return f"« {change.intitule} » : {change.get_etat_display().lower()}."


def _refuser(
    request: HttpRequest, contrat: Contrat, cle: str, formulaire: Form, message: str, status: int
) -> HttpResponse:
    messages.error(request, message)
    if contrat.etat not in EtatContrat.ecrits():
        return redirect("contrat", contrat=contrat.public_id)
    composee, _, aide = _composer(request, contrat)
    return _page_ecriture(request, contrat, composee, aide, refuse=(cle, formulaire), status=status)


def _retour(request: HttpRequest, contrat: Contrat, element: Objectif | Etape | Moyen | None) -> HttpResponse:
    """Revient là où l'on était ; un contrat en vigueur n'a plus de page d'écriture."""
    ancre = f"#objectif-{objectifs.objectif_de(element).public_id}" if element is not None else "#plan"
    nom = "contrat_ecrire" if contrat.etat in EtatContrat.ecrits() else "contrat"
    return redirect(f"{reverse(nom, args=[contrat.public_id])}{ancre}")


# --- Le lien de la personne


@exige("contrat.rediger")
@require_http_methods(["GET", "HEAD", "POST"])
def lien(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Donner à la personne le lien par lequel elle écrit sa part : par un moyen qu'elle accepte, ou imprimé."""
    ouvert = ouvrir(request, contrat, droit="contrat.rediger", ecran="lien d’un contrat")
    connues = coordonnees_de(ouvert.personne)
    permis = [
        (str(canal), Canal(canal).label, accepte)
        for canal, accepte in ((Canal.COURRIEL, connues.par_courriel), (Canal.SMS, connues.par_sms))
    ]
    contexte: dict[str, Any] = {
        "contrat": ouvert, "personne": ouvert.personne, "canaux": permis, "adresse_lien": "", "envoyes": (),
    }  # fmt: skip
    if request.method == "POST":
        envoyes = tuple(canal for canal, _, _ in permis if canal in request.POST.getlist("canal"))
        try:
            with transaction.atomic():
                _, jeton = liens.ouvrir_lien(
                    ouvert, acteur=request.user, perimetre=request.perimetre, canaux=envoyes,
                    adresse_du_lien=lambda jeton: request.build_absolute_uri(reverse("lien_contrat", args=[jeton])),
                )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            messages.error(request, str(refus))
            return page(request, "lien", contexte | {"lien": liens.lien_du_contrat(ouvert)}, status=409)
        contexte |= {
            "adresse_lien": request.build_absolute_uri(reverse("lien_contrat", args=[jeton])),
            "envoyes": [libelle for canal, libelle, _ in permis if canal in envoyes],
        }
    return page(request, "lien", contexte | {"lien": liens.lien_du_contrat(ouvert)})


@exige("contrat.rediger")
@require_POST
def lien_fermer(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Ferme le lien : la page de la personne ne s'ouvre plus."""
    ouvert = acceder_contrat(request.perimetre, contrat, droit="contrat.rediger")

    def acte() -> str:
        fermes = liens.fermer_lien(ouvert, acteur=request.user, perimetre=request.perimetre)
        return "Le lien est fermé : il n’ouvre plus rien." if fermes else "Aucun lien n’était ouvert."

    tenter(request, acte)
    return redirect("contrat_ecrire", contrat=ouvert.public_id)
