"""Common first names of several languages, without those that are words, towns or months too (Will, Paris, June)."""

from __future__ import annotations

from otel_scorer.scoring.hits import vocabulary

FIRST_NAMES = vocabulary(
    """
    Aaron Abdul Abigail Adam Adrian Agnes Ahmed Aisha Alan Albert Alejandro Aleksandr Alessandro Alex Alexander
    Alexandra Alfred Ali Alice Alicia Alison Allison Amanda Amelia Amir Amy Ana Anastasia Anders Andrea Andreas Andrew
    Andy Angela Anita Ann Anna Anne Annette Annika Anthony Antoine Anton Antonio Arthur Ashley Astrid Audrey Barbara
    Beatrice Ben Benjamin Bernard Beth Betty Birgit Bjorn Bob Brandon Brenda Brian Bridget Bruce Bruno Bryan Camille
    Carl Carla Carlos Carmen Carol Caroline Carolyn Catherine Cathy Cecilia Charles Charlotte Cheryl Chloe Chris
    Christian Christina Christine Christopher Cindy Claire Clara Claudia Colin Connor Courtney Craig Crystal Cynthia
    Daniel Daniela Danielle Darren David Deborah Debra Dennis Derek Diana Diane Diego Dieter Dmitri Dmitry Dominic
    Donald Donna Dorothy Douglas Duncan Dylan Edith Eduardo Edward Eileen Elaine Elena Eleanor Elias Elisabeth
    Elizabeth Ella Ellen Emil Emily Emma Enrique Eric Erica Erik Erika Ernest Esther Ethan Eugene Eva Evelyn Fatima
    Felicia Felix Fernando Fiona Florian Frances Francesca Francesco Francisco Francois Frank Franz Fred Frederick
    Fredrik Friedrich Gabriel Gabriela Gary Gavin Geoffrey George Georg Gerald Gerard Gerhard Giovanni Gisela Giulia
    Giuseppe Gloria Gordon Grace Graham Greg Gregory Greta Guillaume Gunnar Gustav Hanna Hannah Hans Harold Harriet
    Harry Hassan Heather Heidi Heinrich Helen Helena Helga Henrik Henry Herbert Hiroshi Holly Howard Hugo Ian Ibrahim
    Igor Ingrid Irene Irina Isaac Isabel Isabella Ivan Jack Jackie Jacob Jacques Jakob James Jamie Jan Jane Janet
    Janice Jason Javier Jean Jeff Jeffrey Jennifer Jenny Jeremy Jerry Jesse Jessica Jill Jim Jimmy Joan Joanna Joe
    Joel Johan Johann Johannes John Johnny Jon Jonas Jonathan Jorge Jose Josef Joseph Joshua Juan Judith Judy Julia
    Julian Julie Jurgen Justin Karen Karin Karl Katarina Kate Katharina Katherine Kathleen Kathryn Kathy Katie Katrina
    Keith Kelly Kenneth Kenji Kevin Kimberly Klaus Kristen Kristina Kurt Kyle Larry Lars Laura Lauren Laurent Lea Leah
    Leif Lena Leo Leon Leonard Leslie Linda Lisa Lorenzo Lori Louis Louise Luca Lucas Lucia Lucy Luis Luisa Lukas Lynn
    Magdalena Malcolm Manuel Marc Marcel Marco Marcus Margaret Margarita Maria Marianne Marie Marina Mario Marion
    Marta Martha Martin Martina Mary Mateo Mathias Matthew Matthias Maureen Max Megan Mehmet Melanie Melissa Michael
    Michaela Michel Michelle Miguel Mike Mikhail Milan Mohamed Mohammad Mohammed Monica Monika Muhammad Nancy Naomi
    Natalia Natalie Natasha Nathan Nathaniel Neil Nicholas Nicolas Nicole Niklas Nikolai Nina Noah Nora Norman Olaf
    Olga Oliver Olivia Oscar Otto Pablo Pamela Pascal Patricia Patrick Paul Paula Pavel Pedro Peggy Peter Petra Philip
    Philippe Phillip Pierre Rachel Rafael Rainer Ralph Ramon Raymond Rebecca Renate Ricardo Richard Rita Robert
    Roberto Robin Roger Roland Ronald Rosa Rosemary Roy Russell Ruth Ryan Sabine Sally Samantha Samuel Sandra Sarah
    Scott Sean Sebastian Sergei Sergio Sharon Sheila Shirley Silvia Simon Simone Sofia Sonia Sophia Sophie Stanislav
    Stefan Stefanie Stephanie Stephen Steven Stuart Susan Susanne Suzanne Sven Sylvia Tamara Tanya Tara Tatiana Ted
    Teresa Terry Theodore Theresa Thomas Tiffany Tim Timothy Tina Tobias Tom Tomas Tony Tracy Uwe Ursula Valentina
    Valerie Vanessa Vera Veronica Victor Victoria Viktor Vincent Virginie Vladimir Walter Wanda Wayne Wendy Werner
    Wilhelm William Wolfgang Xavier Yolanda Yusuf Yves Yvonne Zachary Zoe
    """
)
