"""Les papiers du livret : le livret entier, le mini-CV d'une page, la feuille qui porte le code d'accès (D07, F015, F016)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import qrcode
from django.utils import timezone

from jalon.contrats.enums import EtatObjectif, QuiFait
from jalon.documents.caracteres import imprimable
from jalon.documents.composition import Composeur
from jalon.documents.ecriture import date_en_lettres, heure_en_lettres
from jalon.documents.pdf import rendre_pdf
from jalon.passeport.livret import (
    Rencontre,
    competences_de,
    contrats_lus,
    demarches_de,
    experiences_de,
    grilles_lues,
    histoire,
    interlocuteurs,
    prochaine,
    rencontres,
)
from jalon.passeport.models import Experience, ProfilCompetences
from jalon.passeport.titulaire import Titulaire
from jalon.personnes.coordonnees import Coordonnees
from jalon.referentiels.parametres import mot, nombre

ETATS: Final = {
    EtatObjectif.A_FAIRE: "à commencer",
    EtatObjectif.EN_COURS: "en cours",
    EtatObjectif.ATTEINT: "fait",
    EtatObjectif.ABANDONNE: "laissé de côté",
}
QUI: Final = {
    QuiFait.PERSONNE: "moi",
    QuiFait.REFERENT: "mon référent",
    QuiFait.ORGANISME: "un organisme",
    QuiFait.ENSEMBLE: "ensemble",
}


def livret_pdf(titulaire: Titulaire) -> bytes:
    """Tout le livret d'une personne, balisé, à garder ou à remettre à qui elle veut."""
    jour = timezone.localdate()
    lues = rencontres(titulaire)
    suivante = prochaine(lues)
    donnees = {
        "titre": _majuscule(mot("passeport").singulier),
        "nom": titulaire.nom_complet,
        "date": date_en_lettres(jour),
        "prochain": _rencontre(suivante) if suivante is not None else "",
        "contacts": [
            {"nom": c.nom, "qualite": c.qualite, "ou": ", ".join(filter(None, (c.organisme, c.telephone, c.courriel, c.autre)))}
            for c in interlocuteurs(titulaire, jour)
        ],
        "contrats": [
            {
                "titre": c.contrat.type.libelle,
                "etat": c.etat_en_mots,
                "organisme": c.contrat.organisme.libelle,
                "periode": _periode(c.contrat.periode.lower, c.contrat.periode.upper) if c.contrat.periode else "",
                "objectifs": [
                    {
                        "intitule": o.objectif.intitule,
                        "etat": ETATS[EtatObjectif(o.objectif.etat)],
                        "mise_a_jour": o.mise_a_jour,
                        "etapes": [
                            {"intitule": e.intitule, "qui": QUI[QuiFait(e.qui)], "etat": ETATS[EtatObjectif(e.etat)],
                             "le": date_en_lettres(e.faite_le) if e.faite_le else ""}
                            for e in o.etapes
                        ],
                    }
                    for o in c.objectifs
                ],
            }
            for c in contrats_lus(titulaire)
        ],
        "grilles": [
            {
                "titre": g.titre,
                "quand": date_en_lettres(g.jours[-1]),
                "premiere": date_en_lettres(g.jours[0]) if g.plusieurs else "",
                "questions": [
                    {"libelle": q.libelle, "maintenant": q.maintenant, "mouvement": q.mouvement} for q in g.questions
                ],
            }
            for g in grilles_lues(titulaire)
        ],
        "demarches": [
            {"le": date_en_lettres(d.faite_le), "intitule": d.intitule, "resultat": d.resultat,
             "par": "moi" if d.par_la_personne else str(d.notee_par or "")}
            for d in demarches_de(titulaire)
        ],
        "histoire": [
            {"le": date_en_lettres(f.le), "titre": f.titre, "detail": f.detail, "par": f.par} for f in histoire(titulaire)
        ],
        "competences": _competences(titulaire),
        "experiences": [_experience(e) for e in experiences_de(titulaire)],
    }  # fmt: skip
    return rendre_pdf("livret", _propres(Composeur().papier | donnees))


def mini_cv_pdf(titulaire: Titulaire) -> bytes:
    """Le mini-CV d'une page, avec les seules coordonnées qu'elle a données."""
    profil = competences_de(titulaire)
    coordonnees = (
        Coordonnees.objects.filter(personne_id=titulaire.cle).select_related("commune").first() or Coordonnees()
    )
    commune = coordonnees.commune.nom if coordonnees.commune_id and coordonnees.commune is not None else ""
    par_nature: dict[str, list[dict[str, str]]] = {nature: [] for nature in Experience.Nature.values}
    for experience in experiences_de(titulaire):
        par_nature[experience.nature].append(_experience(experience))
    donnees = {
        "nom": titulaire.nom_complet,
        "accroche": profil.accroche,
        "contact": [texte for texte in (coordonnees.telephone_lisible, coordonnees.courriel, commune) if texte],
        "savoir_faire": _lignes(profil.savoir_faire),
        "savoir_etre": _lignes(profil.savoir_etre),
        "motivations": profil.motivations,
        "transferables": _lignes(profil.transferables),
        "langues": profil.langues,
        "permis": profil.permis,
        "emplois": par_nature[Experience.Nature.EMPLOI],
        "formations": par_nature[Experience.Nature.FORMATION],
        "engagements": par_nature[Experience.Nature.ENGAGEMENT],
    }
    return rendre_pdf("mini_cv", _propres(Composeur().papier | donnees))


def lettre_acces_pdf(titulaire: Titulaire, *, code: str, adresse: str) -> bytes:
    """La feuille à remettre : le code, l'adresse du livret et son QR code, quoi faire, quoi craindre.

    Le QR code ne porte que l'adresse : photographié, il n'ouvre rien. La feuille n'est pas gardée dans la base, qui
    n'a pas le code.
    """
    jour = timezone.localdate()
    livret = mot("passeport").singulier
    lettre = Composeur().lettre_libre(livret, (), jour=jour, destinataire=())
    donnees = {
        "titre": f"Votre {livret}",
        "nom": titulaire.nom_complet,
        "date": date_en_lettres(jour),
        "code": code,
        "adresse": adresse,
        "livret": livret,
        "minutes": int(nombre("acces_personnel.duree_code", jour)),
        "expediteur": lettre["expediteur"],
        "qr": _qr(adresse),
    }
    return rendre_pdf("livret_code", _propres(Composeur().papier | donnees))


def _qr(adresse: str) -> list[list[int]]:
    """Carrés noirs du QR code, ligne par ligne, marge comprise ; Typst les dessine."""
    dessin = qrcode.QRCode(border=4)
    dessin.add_data(adresse)
    dessin.make(fit=True)
    return [[int(bool(carre)) for carre in ligne] for ligne in dessin.get_matrix()]


def _rencontre(r: Rencontre) -> str:
    local = timezone.localtime(r.quand)
    quand = f"{date_en_lettres(local.date(), avec_jour=True)} à {heure_en_lettres(local.hour, local.minute)}"
    return ", ".join(filter(None, (quand, f"avec {r.avec}" if r.avec else "", r.lieu)))


def _competences(titulaire: Titulaire) -> list[dict[str, Any]]:
    profil = competences_de(titulaire)
    champs = ("accroche", "motivations", "savoir_faire", "savoir_etre", "transferables", "langues", "permis")
    return [
        {"titre": _intitule(champ), "lignes": _lignes(getattr(profil, champ))}
        for champ in champs
        if getattr(profil, champ)
    ]


def _intitule(champ: str) -> str:
    return _majuscule(str(ProfilCompetences._meta.get_field(champ).verbose_name))  # type: ignore[union-attr]


def _experience(e: Experience) -> dict[str, str]:
    if e.annee_debut is not None:
        annees = f"{e.annee_debut} - {e.annee_fin}" if e.annee_fin not in (None, e.annee_debut) else str(e.annee_debut)
        if e.annee_fin is None:
            annees = f"depuis {e.annee_debut}"
    else:
        annees = str(e.annee_fin or "")
    return {"annees": annees, "intitule": e.intitule, "lieu": e.lieu, "details": e.details}


def _periode(debut: Any, fin: Any) -> str:
    if fin is None:
        return f"depuis le {date_en_lettres(debut)}"
    return f"du {date_en_lettres(debut)} au {date_en_lettres(fin - timedelta(days=1))}"


def _lignes(texte: str) -> list[str]:
    return [ligne.strip(" -•*") for ligne in texte.splitlines() if ligne.strip(" -•*")]


def _majuscule(texte: str) -> str:
    return f"{texte[:1].upper()}{texte[1:]}"


def _propres(valeur: Any) -> Any:
    """Tout ce qui s'imprime ne garde que des signes que la police connaît."""
    if isinstance(valeur, str):
        return imprimable(valeur)
    if isinstance(valeur, dict):
        return {cle: _propres(v) for cle, v in valeur.items()}
    return [_propres(v) for v in valeur] if isinstance(valeur, list) else valeur
